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


def test_an_interval_that_reaches_0_goes_down_to_the_end_of_a_logarithmic_axis():
    """Beyond it the band would drop at the last point that has a place there, as if it were 0."""
    rows = pd.DataFrame({"a.b": ["1", "2", "3"], "mean": [1.0, 30.0, 1000.0]})
    rows = rows.assign(low=[-2.0, -1.0, 500.0], high=[4.0, 60.0, 1500.0])
    axes = sweep.draw(rows, ["a.b"], "Cost", 2.0).axes[0]
    (band,) = axes.collections
    drawn = {(round(x), round(float(y), 9)) for x, y in band.get_paths()[0].vertices}
    assert drawn == {(1, 1), (2, 1), (3, 1000), (3, 3000), (2, 120), (1, 8)}
    bottom, top = axes.get_ylim()
    assert (bottom, top > 3000) == (1, True)
