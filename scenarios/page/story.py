"""What a scenario's part of the page is made of, and the figures that they share."""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import mlsim
from mlsim.report import style

Runs = Mapping[str, mlsim.Run]
"""The run of each variant, by its name; the first is the scenario as it is."""


@dataclass(frozen=True)
class Story:
    """A scenario's part of the page.

    name: of its file. before, after: what is said above its figure and below its table.
    variants: what each changes, by name, besides the scenario as it is, which comes first.
    columns: what the table says of each run. draw: the figure of all runs.
    """

    name: str
    title: str
    before: str
    variants: Mapping[str, Mapping[str, object]]
    columns: Mapping[str, Callable[[mlsim.Run], str]]
    draw: Callable[[Runs], Figure]
    after: str


@dataclass(frozen=True)
class Panel:
    """A row of a figure. series: what it shows of a run, by time in seconds; beside: in grey."""

    title: str
    series: Callable[[mlsim.Run], pd.Series]
    beside: Callable[[mlsim.Run], pd.Series] | None = None


def per_second(run: mlsim.Run, metric: str, window: int = 2) -> pd.Series:
    """How fast the counters of a metric grow together, over so many scrapes."""
    total = run.metrics.filter(like=f"{metric}{{").sum(axis=1)
    seconds = float(total.index[1] - total.index[0])
    return (total.diff(window) / (window * seconds)).fillna(0.0)


def gauge(run: mlsim.Run, metric: str) -> pd.Series:
    """The sum of the series of a gauge."""
    return run.metrics.filter(like=f"{metric}{{").sum(axis=1)


def side_by_side(
    runs: Runs,
    panels: Sequence[Panel],
    unit: tuple[str, float],
    band: tuple[float, float] | None = None,
    span: tuple[float, float] = (0.0, np.inf),
) -> Figure:
    """A column for each run and a row for each panel, on common axes.

    unit: of time, and how many seconds it has. band: seconds from when to when something is wrong.
    span: seconds from when to when runs are shown.
    """
    with style.applied():
        figure = Figure(figsize=(style.WIDE, 0.7 + 1.35 * len(panels)))
        grid = figure.subplots(len(panels), len(runs), sharex=True, sharey="row", squeeze=False)
        places = product(enumerate(panels), enumerate(runs.items()))
        for (row, panel), (column, (name, run)) in places:
            axes = grid[row, column]
            _draw(axes, panel, run, unit, span)
            if band is not None:
                colour = style.LIGHT["band-1"]
                axes.axvspan(band[0] / unit[1], band[1] / unit[1], color=colour, zorder=0)
            if column == 0:
                axes.set_title(panel.title, loc="left", fontsize=9, color=style.LIGHT["ink"], pad=6)
            if row == len(panels) - 1:
                axes.set_xlabel(unit[0], fontsize=8.5, color=style.LIGHT["muted"])
            if row == 0:
                axes.annotate(
                    textwrap.fill(name, 18), (0, 1), (0, 32), xycoords="axes fraction",
                    textcoords="offset points", weight="bold", va="center", annotation_clip=False,
                )  # fmt: skip
        for axes in grid[:, 0]:
            axes.set_ylim(bottom=0)  # of a whole row, when all of it is drawn
        figure.subplots_adjust(
            left=0.06, right=0.99, bottom=0.42 / figure.get_figheight(), hspace=0.42, wspace=0.12,
            top=1 - 0.78 / figure.get_figheight(),
        )  # fmt: skip
    return figure


def _draw(
    axes: Axes, panel: Panel, run: mlsim.Run, unit: tuple[str, float], span: tuple[float, float]
) -> None:
    time, values = _within(panel.series(run), unit, span)
    if panel.beside is not None:
        axes.plot(*_within(panel.beside(run), unit, span), color=style.LIGHT["twin"], linewidth=1)
    axes.plot(time, values, color=style.LIGHT["run"], linewidth=1.2)
    axes.fill_between(time, 0, values, color=style.LIGHT["gap"], alpha=0.5)
    axes.margins(x=0)
    axes.locator_params(axis="y", nbins=4)
    axes.locator_params(axis="x", nbins=4)
    axes.xaxis.set_major_formatter("{x:g}")
    style.bare(axes)
    axes.grid(axis="y", color=style.LIGHT["hair"], linewidth=0.6)


def _within(
    series: pd.Series, unit: tuple[str, float], span: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    shown = series[(series.index >= span[0]) & (series.index <= span[1])]
    return shown.index.to_numpy() / unit[1], shown.to_numpy()


def outcome(run: mlsim.Run, name: str, world: str = "run") -> float:
    """An outcome of a run, or of its "twin", from day 0 to the horizon."""
    [row] = [row for row in run.summary["outcomes"] if row["outcome"] == name]
    return float(row[world])


def integral(series: pd.Series, since: float = 0.0) -> float:
    """A gauge times time, in its unit times seconds, from a time in seconds on."""
    shown = series[series.index >= since]
    return float(np.trapezoid(shown.to_numpy(), shown.index.to_numpy()))
