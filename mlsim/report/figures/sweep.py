"""Sweep: a measure over the settings that were varied."""

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from numpy.typing import NDArray

from mlsim.report import style, wording

_HEIGHT = 3.4
_NUMBER = re.compile(r"(-?[\d.]+(?:e[+-]?\d+)?)\s*(\S*)")


def draw(rows: pd.DataFrame, paths: list[str], title: str, scale: float) -> Figure:
    """A line for each value of the second setting over the first; points where there are more.

    rows: of one measure, with a column for each path, mean, low, high. title: of the measure, with
    its unit. scale: by what its values are multiplied to be shown.
    """
    rows = rows.assign(**rows[["mean", "low", "high"]] * scale)
    in_decades = _spans_decades(rows["mean"].dropna())
    with style.applied():
        figure = Figure(figsize=(style.WIDE, _HEIGHT))
        axes = figure.add_axes((0.08, 0.19, 0.7 if len(paths) == 2 else 0.89, 0.68))
        if in_decades:
            axes.set_yscale("log")
            _in_decades(axes.yaxis)
        grouped = len(paths) == 2 and rows[paths[1]].nunique() <= style.FAULTS + 1
        if len(paths) > 1 and not grouped:
            _points(axes, rows, paths[0])
        else:
            to_the_axis = in_decades and rows["low"].min() <= 0
            if to_the_axis:
                rows = rows.assign(low=rows["low"].clip(lower=_bottom(rows)))
            groups = rows.groupby(paths[1], sort=False) if grouped else [("", rows)]
            for number, (value, group) in enumerate(groups):
                _line(axes, group, paths[0], str(value), number)
            if to_the_axis:
                axes.set_ylim(bottom=rows["low"].min())
                figure.text(
                    0.01, 0.02, "where a band meets the axis, the interval has 0 in it",
                    fontsize=8, color=style.LIGHT["muted"],
                )  # fmt: skip
        style.bare(axes)
        places, ticks = _places(rows[paths[0]])
        if ticks is None and _spans_decades(places):
            axes.set_xscale("log")
            _in_decades(axes.xaxis)
        axes.grid(axis="y", color=style.LIGHT["hair"], linewidth=0.6)
        axes.set_xlabel(_labelled(paths[0], rows[paths[0]]), color=style.LIGHT["muted"])
        figure.text(0.01, 0.97, wording.capital(title), va="top", fontweight="bold")
        if grouped:
            axes.legend(
                title=paths[1].rpartition(".")[2], frameon=False, fontsize=8,
                loc="upper left", bbox_to_anchor=(1.01, 1.0),
            )  # fmt: skip
    return figure


def _line(axes: Axes, rows: pd.DataFrame, path: str, label: str, number: int) -> None:
    places, ticks = _places(rows[path])
    colour = style.LIGHT["run"] if number == 0 else style.of_fault(number - 1)[0]
    marker = "osD^v"[number % 5]
    axes.plot(places, rows["mean"], marker=marker, markersize=4, color=colour, label=label)
    axes.fill_between(places, rows["low"], rows["high"], color=colour, alpha=0.14, linewidth=0)
    if ticks is not None:
        axes.set_xticks(range(len(ticks)), ticks)


def _points(axes: Axes, rows: pd.DataFrame, path: str) -> None:
    places, ticks = _places(rows[path])
    axes.scatter(places, rows["mean"], s=14, color=style.LIGHT["run"], alpha=0.7)
    if ticks is not None:
        axes.set_xticks(range(len(ticks)), ticks)


def _bottom(rows: pd.DataFrame) -> float:
    """Where a logarithmic axis ends, and with it the intervals that reach 0."""
    found = rows[["mean", "low"]].to_numpy()
    return float(found[found > 0].min()) / 2


def _spans_decades(values: Iterable[float]) -> bool:
    """Whether numbers stand more evenly by their logarithms, and reach over a factor of 100."""
    found = np.unique(np.fromiter(values, float))
    if found.size < 3 or found[0] <= 0 or found[-1] < 100 * found[0]:
        return False

    def widest(at: NDArray[np.float64]) -> float:
        return float(np.diff(at).max() / (at[-1] - at[0]))

    return widest(np.log(found)) < widest(found)


def _floor(rows: pd.DataFrame) -> float:
    """Where a logarithmic axis begins: below all that is more than 0."""
    found = rows[["mean", "low"]].to_numpy()
    return float(found[found > 0].min()) / 2


def _in_decades(axis: Axis) -> None:
    axis.set_major_formatter(lambda value, _: wording.number(value))
    axis.set_minor_formatter(NullFormatter())
    axis.set_tick_params(which="minor", length=0)


def _places(values: "pd.Series[str]") -> tuple[list[float], list[str] | None]:
    """Where values stand: as numbers, if all are numbers with one unit, else one after another."""
    found = [_NUMBER.fullmatch(str(value)) for value in values]
    units = {match[2] for match in found if match}
    if all(found) and len(units) == 1:
        return [float(match[1]) for match in found if match], None
    names = list(dict.fromkeys(map(str, values)))
    return [float(names.index(str(value))) for value in values], names


def _labelled(path: str, values: "pd.Series[str]") -> str:
    """A path with the unit of its values, where they are numbers with one."""
    units = {match[2] for value in values if (match := _NUMBER.fullmatch(str(value)))}
    unit = next(iter(units)) if len(units) == 1 else ""
    return f"{path} ({unit})".removesuffix(" ()").replace("(/", "(1/")
