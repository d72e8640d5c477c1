"""Interaction plots and a heat map of effects: which settings add up, and which don't."""

from itertools import combinations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
from matplotlib.figure import Figure

from mlsim.measures.headline import Measure
from mlsim.report import style, wording
from mlsim.studies.effects import Levels, short_names

_CELL = 2.6
_ACROSS = 3


def draw(means: pd.DataFrame, factors: Levels, measure: Measure) -> Figure:
    """A panel for each pair of factors: the measure over the one, a line for each level of the
    other."""
    pairs = list(combinations(factors, 2)) or [(path, path) for path in factors]
    rows = -(-len(pairs) // _ACROSS)
    across = min(len(pairs), _ACROSS)
    with style.applied():
        size = (style.WIDE * max(across, 2) / _ACROSS, _CELL * rows + 0.4)
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(rows, across, squeeze=False, sharey=True)
        for axes, (one, other) in zip(panels.flat, pairs, strict=False):
            _panel(axes, means, factors, one, other)
        for axes in list(panels.flat)[len(pairs) :]:
            axes.set_visible(False)
        figure.suptitle(_titled(measure), fontsize=9, x=0.01, ha="left")
    return figure


def _panel(axes: Axes, means: pd.DataFrame, factors: Levels, one: str, other: str) -> None:
    style.bare(axes)
    axes.grid(axis="y", color=style.LIGHT["hair"], linewidth=0.6)
    short = short_names(factors)
    levels = list(map(str, factors[one]))
    for number, level in enumerate(map(str, factors[other])):
        colour, _ = style.of_fault(number)
        own = means[means[other] == level].groupby(one, sort=False)["value"].mean()
        axes.plot(range(len(levels)), own.reindex(levels), marker="o", color=colour)
        if one != other:
            text = f"{short[other]}={level}"
            at = (len(levels) - 1, own.reindex(levels).iloc[-1])
            axes.annotate(
                text, at, xytext=(5, 0), textcoords="offset points", va="center", fontsize=7.5,
                color=colour,
            )  # fmt: skip
    axes.set_xticks(range(len(levels)), levels)
    axes.set_xlim(-0.2, len(levels) - 0.35)
    axes.set_xlabel(short[one], fontsize=8.5)
    axes.yaxis.set_major_formatter(lambda value, _: wording.large(value))


def draw_heat_map(table: pd.DataFrame, factors: Levels, measure: Measure) -> Figure:
    """Factor by factor: main effects on the diagonal, interactions beside it, of their last levels;
    what isn't decided is in brackets."""
    size, short = len(factors), short_names(factors)
    estimates, texts = np.full((size, size), np.nan), np.full((size, size), "", dtype=object)
    for row in table.to_dict("records"):
        names = [part.partition(":")[0] for part in row["of"].split(" x ")]
        at = [list(short.values()).index(name) for name in names]
        for i, j in {(at[0], at[-1]), (at[-1], at[0])}:
            estimates[i, j] = row["estimate"]
            said = wording.signed(row["estimate"])
            texts[i, j] = said if row["decided"] else f"({said})"
    with style.applied():
        figure = Figure(figsize=(1.6 + 1.5 * size, 0.9 + 0.9 * size), layout="constrained")
        axes = figure.add_subplot()
        largest = float(np.nanmax(np.abs(estimates))) or 1.0
        colours = [style.LIGHT["run"], style.LIGHT["paper"], style.LIGHT["fault-1"]]
        shades = LinearSegmentedColormap.from_list("effects", colours)
        axes.imshow(estimates, cmap=shades, norm=TwoSlopeNorm(0.0, -largest, largest))
        for i, j in np.ndindex(size, size):
            axes.text(j, i, str(texts[i, j]), ha="center", va="center", fontsize=8.5)
        style.bare(axes)
        axes.set_xticks(range(size), list(short.values()))
        axes.set_yticks(range(size), list(short.values()))
        axes.set_title(f"Effects on {measure.title.lower()}", loc="left", fontsize=9)
    return figure


def _titled(measure: Measure) -> str:
    title = wording.capital(measure.title)
    return f"{title}, {measure.unit}" if measure.unit else title
