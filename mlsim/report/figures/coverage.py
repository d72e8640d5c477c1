"""Coverage: faults by watchers, darker where more of the runs noticed."""

import math
import textwrap
from typing import Any

import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mlsim.report import style, wording

_ROW = 0.42
_HEAD = 0.8
_FOOT = 0.35
_SHADES = LinearSegmentedColormap.from_list("caught", [style.LIGHT["paper"], "#7cc4a4"])


def draw(table: pd.DataFrame, title: str) -> Figure:
    """A row per watcher, a column per fault: the share of runs that noticed, and the median time.

    table: of a coverage (see `mlsim.studies.covering`).
    """
    faults = list(dict.fromkeys(table["fault"]))
    watchers = list(dict.fromkeys(zip(table["kind"], table["watcher"], strict=True)))
    height = _HEAD + _FOOT + _ROW * max(len(watchers), 1)
    with style.applied():
        figure = Figure(figsize=(style.WIDE, height))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, style.WIDE), ylim=(height, 0))
        axes.axis("off")
        left = 2.9
        across = min((style.WIDE - left - 0.1) / max(len(faults), 1), 2.4)
        axes.text(0.05, 0.12, title, va="top", fontweight="bold")
        for column, fault in enumerate(faults):
            name = "\n".join(textwrap.wrap(fault.replace("_", " "), max(int(across / 0.08), 6)))
            x = left + across * (column + 0.5)
            axes.text(x, _HEAD - 0.08, name, ha="center", va="bottom", fontsize=8.5)
        cells = {(r["kind"], r["watcher"], r["fault"]): r for r in table.to_dict("records")}
        for number, (kind, watcher) in enumerate(watchers):
            top = _HEAD + number * _ROW
            weight = "bold" if kind == "anybody" else "normal"
            label = f"check {watcher}" if kind == "check" else watcher
            size = min(9.0, 9.0 * (left - 0.2) / style.text_width(label))
            axes.text(0.05, top + _ROW / 2, label, va="center", fontweight=weight, fontsize=size)
            for column, fault in enumerate(faults):
                _cell(axes, cells[kind, watcher, fault], left + column * across, top, across)
        note = "share of the runs in which it noticed the fault, and the median time that it took"
        axes.text(0.05, height - 0.12, note, fontsize=8, color=style.LIGHT["muted"])
    return figure


def _cell(axes: Any, row: Any, x: float, y: float, across: float) -> None:
    share = row["detected"]
    box = Rectangle(
        (x + 0.03, y + 0.03), across - 0.06, _ROW - 0.06,
        facecolor=_SHADES(share), edgecolor=style.LIGHT["hair"], linewidth=0.6,
    )  # fmt: skip
    axes.add_patch(box)
    median = row["median_s"]
    text = wording.percent(share) if share else "-"
    if share and math.isfinite(median):
        text += f", {wording.duration(median)}"
    size = min(8.5, 8.5 * (across - 0.14) / style.text_width(text, 8.5))
    axes.text(x + across / 2, y + _ROW / 2, text, ha="center", va="center", fontsize=size)
