"""Global outcome over local quality: where a better part makes a better whole, and where not."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlsim.measures.headline import Measure
from mlsim.report import style, wording
from mlsim.studies.gains import Slope

_HEIGHT = 3.6
_BAR = 0.42


def draw(table: pd.DataFrame, model: str, outcome: Measure, found: Slope) -> Figure:
    """The steps as points with intervals, joined in their order; flips are marked."""
    with style.applied():
        figure = Figure(figsize=(style.WIDE, _HEIGHT), layout="constrained")
        axes = figure.add_subplot()
        style.bare(axes)
        axes.plot(table["quality"], table["outcome"], color=style.LIGHT["run"], zorder=2)
        reach = np.vstack([table["difference"] - table["low"], table["high"] - table["difference"]])
        axes.errorbar(
            table["quality"], table["outcome"], yerr=np.nan_to_num(reach), fmt="o",
            color=style.LIGHT["run"], ecolor=style.LIGHT["twin"], capsize=3, zorder=3,
        )  # fmt: skip
        _name_steps(axes, table, found.flips)
        axes.grid(axis="y", color=style.LIGHT["hair"], linewidth=0.6)
        axes.margins(x=0.12, y=0.22)
        axes.set_xlabel(f"Local quality of {model}: area under the ROC curve")
        axes.set_title(_titled(outcome), loc="left", fontsize=9)
        axes.yaxis.set_major_formatter(lambda value, _: wording.large(value))
    return figure


def _name_steps(axes: Axes, table: pd.DataFrame, flips: tuple[str, ...]) -> None:
    for row in table.to_dict("records"):
        flipped = row["step"] in flips
        axes.annotate(
            f"{row['step']}\nsign flips" if flipped else row["step"],
            (row["quality"], row["outcome"]),
            xytext=(0, 10),
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
            color=style.LIGHT["fault-4"] if flipped else style.LIGHT["muted"],
        )


def draw_worth(table: pd.DataFrame, outcome: Measure) -> Figure:
    """One bar a model: what a hundredth of its quality changes of the outcome."""
    with style.applied():
        height = 0.9 + _BAR * max(len(table), 1)
        figure = Figure(figsize=(style.WIDE, height), layout="constrained")
        axes = figure.add_subplot()
        style.bare(axes)
        places = np.arange(len(table))[::-1]
        axes.barh(places, table["per_point"], height=0.55, color=style.LIGHT["gap"])
        reach = np.vstack([table["per_point"] - table["low"], table["high"] - table["per_point"]])
        axes.errorbar(
            table["per_point"], places, xerr=np.nan_to_num(reach), fmt="none",
            ecolor=style.LIGHT["ink"], capsize=3, elinewidth=1,
        )  # fmt: skip
        axes.axvline(0, color=style.LIGHT["muted"], linewidth=0.8)
        axes.set_yticks(places, table["model"])
        axes.set_title(f"{_titled(outcome)}: change per point of quality", loc="left", fontsize=9)
        axes.xaxis.set_major_formatter(lambda value, _: wording.signed(value))
    return figure


def _titled(outcome: Measure) -> str:
    title = wording.capital(outcome.title)
    return f"{title}, {outcome.unit}" if outcome.unit else title
