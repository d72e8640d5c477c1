"""Comparison: each measure's difference to the baseline as a point with its interval."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlsim.report import style, wording

_ROW = 0.34
_HEAD = 0.42
_FOOT = 0.62
_LINE = 0.19
_WIDE = 300
"""Percent beyond which the scale is logarithmic outside of ten percent."""


def draw(rows: pd.DataFrame, titles: dict[str, str], baseline: str) -> Figure:
    """A line per measure and variant, as a share of the baseline's mean.

    rows: a table of differences. titles: of the measures. A measure that is the same in every run,
    or whose baseline is 0, has no share and is left out.
    """
    shown = rows[(rows["baseline"] != 0) & rows["low"].notna() & (rows["sign"] != "same")]
    variants = list(dict.fromkeys(rows["variant"]))
    measures = list(dict.fromkeys(shown["measure"]))
    head = _HEAD + (_LINE * len(variants) if len(variants) > 1 else 0.0)
    height = head + _FOOT + _ROW * max(len(measures), 1) * max(len(variants), 1) ** 0.5
    with style.applied():
        figure = Figure(figsize=(style.WIDE, height))
        axes = figure.add_axes((0.34, _FOOT / height, 0.63, 1 - (_FOOT + head) / height))
        axes.axvline(0, color=style.LIGHT["twin"], linewidth=1)
        for number, variant in enumerate(variants):
            own = shown[shown["variant"] == variant]
            colour = style.LIGHT["run"] if number == 0 else style.of_fault(number - 1)[0]
            place = np.array([measures.index(m) for m in own["measure"]], dtype=float)
            place += (number - (len(variants) - 1) / 2) * 0.6 / len(variants)
            size = own["baseline"].abs() / 100
            low, high, middle = (own[key] / size for key in ("low", "high", "difference"))
            axes.hlines(place, low, high, color=colour, linewidth=2.2)
            decided = own["decided"].to_numpy(dtype=bool)
            for chosen, face in ((decided, colour), (~decided, style.LIGHT["paper"])):
                axes.scatter(
                    middle[chosen], place[chosen], s=34, facecolor=face, edgecolor=colour,
                    zorder=3, clip_on=False, label=variant if face == colour else None,
                )  # fmt: skip
        _dress(figure, axes, [titles[m] for m in measures], variants, baseline)
    return figure


def _dress(
    figure: Figure, axes: Axes, names: list[str], variants: list[str], baseline: str
) -> None:
    style.bare(axes)
    axes.set_ylim(max(len(names), 1) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), [wording.capital(name) for name in names])
    axes.tick_params(axis="y", colors=style.LIGHT["ink"])
    if max(map(abs, axes.get_xlim())) > _WIDE:
        # One measure that grew tenfold would press all others onto the line.
        axes.set_xscale("symlog", linthresh=10, linscale=0.7)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:+,.0f}" if value else "0")
    axes.grid(axis="x", color=style.LIGHT["hair"], linewidth=0.6)
    axes.set_xlabel(f"difference to {baseline}, in % of its mean", color=style.LIGHT["muted"])
    whom = f"{variants[0]} against" if len(variants) == 1 else "Variants against"
    figure.text(0.01, 0.985, f"{whom} {baseline}", va="top", fontweight="bold")
    figure.text(
        0.01, 0.02, "filled: the sign is decided; hollow: the interval has 0 in it",
        fontsize=8, color=style.LIGHT["muted"],
    )  # fmt: skip
    if len(variants) > 1:
        # Above the points, of which one may stand anywhere.
        axes.legend(
            frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0
        )
