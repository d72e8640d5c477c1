"""The figure of a sweep: a logarithmic axis exactly where values stand evenly on one."""

import pandas as pd
import pytest

from mlsim.report.figures import sweep


def axes_of(values: list[str], means: list[float]):
    rows = pd.DataFrame({"a.b": values, "mean": means})
    figure = sweep.draw(rows.assign(low=rows["mean"], high=rows["mean"]), ["a.b"], "Cost", 1.0)
    return figure.axes[0]


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        (["1ms", "10ms", "100ms", "1000ms"], "log"),
        (["10", "20", "40"], "linear"),
        (["1", "250", "500", "750", "1000"], "linear"),  # a range, evenly spaced as it is
        (["0", "10", "100", "1000"], "linear"),
        (["low", "high", "higher"], "linear"),
    ],
)
def test_settings_over_decades_stand_on_a_logarithmic_axis(values: list[str], scale: str):
    axes = axes_of(values, [1.0] * len(values))
    assert (axes.get_xscale(), axes.get_yscale()) == (scale, "linear")


@pytest.mark.parametrize(
    ("means", "scale"),
    [([1, 30, 1000], "log"), ([1, 2, 3], "linear"), ([-1, 30, 1000], "linear")],
)
def test_so_do_measures(means: list[float], scale: str):
    axes = axes_of(["1", "2", "3"], means)
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", scale)
    if scale == "log":
        labels = [axes.yaxis.get_major_formatter()(value, 0) for value in (10, 1000)]
        assert labels == ["10", "1,000"]
