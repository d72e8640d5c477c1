"""Cost: what each fault has cost so far, day by day, and how much of it before somebody knew."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mlsim.report import style, wording
from mlsim.report.answer import Fault
from mlsim.report.figures.panels import DAY, Panels, shade
from mlsim.report.figures.picture import Picture
from mlsim.report.folder import RunFolder


def draw(run: RunFolder, width: float = style.WIDE) -> Figure:
    """One panel a fault: its cost up to each moment, with a mark where the first alert fired."""
    with style.applied():
        panels = Panels(run, width, [1.3] * len(run.faults), named=[])
        for axes, fault in zip(panels, run.faults, strict=True):
            shade(axes, fault, run.horizon_s)
            axes.set_title(f"{fault['name']}: cost so far, {_unit(fault)}", loc="left", fontsize=9)
            _growth(axes, fault, *_sum_so_far(run, fault["name"]))
            if fault["detected"] is not None:
                _alert(axes, fault, panels)
    return panels.figure


def _unit(fault: Fault) -> str:
    return fault["cost"]["currency"] or "no currency"


def _sum_so_far(run: RunFolder, fault: str) -> tuple[np.ndarray, np.ndarray]:
    """Days at which a day ended, and the cost up to then; starts at nothing on day 0."""
    rows = run.outcomes[run.outcomes["world"] == fault]
    daily = rows.groupby("day")["cost"].sum()
    days = np.minimum(daily.index.to_numpy() + 1.0, run.horizon_s / DAY)
    return np.append(0.0, days), np.append(0.0, daily.to_numpy().cumsum())


def _growth(axes: Axes, fault: Fault, days: np.ndarray, cost: np.ndarray) -> None:
    axes.fill_between(days, cost, color=style.LIGHT["gap"], linewidth=0)
    axes.plot(days, cost, color=style.LIGHT["run"])
    axes.axhline(0, color=style.LIGHT["hair"], linewidth=0.8)
    axes.margins(y=0.15)
    axes.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))


def _short(value: float) -> str:
    """An amount that fits beside an axis.

    >>> _short(2_500_000.0), _short(20_000.0), _short(250.0)
    ('2.5 M', '20 k', '250')
    """
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g} {letter}"
    return f"{value:g}"


def _alert(axes: Axes, fault: Fault, panels: Panels) -> None:
    detected, cost = fault["detected"], fault["cost"]
    at, by_then = detected["firing_s"] / DAY, cost["before_alert"]
    role = "page" if detected["severity"] == "page" else "ticket"
    marker = "^" if role == "page" else "o"
    axes.plot(at, by_then, marker=marker, markersize=7, color=style.LIGHT[role], clip_on=False)
    words = [detected["rule"], f"{wording.money(by_then, cost['currency'])} by then"]
    inches = panels.figure.get_figwidth() - panels.left - panels.right
    before = max(map(style.text_width, words)) < inches * at / axes.get_xlim()[1]
    high = by_then > sum(axes.get_ylim()) / 2
    if before or high:
        _beside(axes, (at, by_then), words, before=before, high=high)
    else:
        _above(axes, (at, by_then), words)


def _beside(
    axes: Axes, mark: tuple[float, float], words: list[str], *, before: bool, high: bool
) -> None:
    # The curve rises to the right: upper left and lower right of a mark are free of it.
    axes.annotate(
        "\n".join(words),
        mark,
        xytext=(-8 if before else 8, -6 if high else 6),
        textcoords="offset points",
        ha="right" if before else "left",
        va="top" if high else "bottom",
        fontsize=8.5,
    )


def _above(axes: Axes, mark: tuple[float, float], words: list[str]) -> None:
    """In the upper left corner, with a line to the mark, where there is no room beside it."""
    axes.annotate(
        "\n".join(words),
        mark,
        xytext=(0.01, 0.97),
        textcoords="axes fraction",
        va="top",
        fontsize=7.5,
        arrowprops={"arrowstyle": "-", "color": style.LIGHT["muted"], "linewidth": 0.6},
    )


def caption(run: RunFolder) -> str:
    """What to see in the cost figure."""
    mark = (
        "The mark is where the first alert that the fault caused fired: what the line climbs after "
        "it, somebody could have prevented. "
    )
    return (
        f"{mark if any(fault['detected'] for fault in run.faults) else ''}"
        "Each fault alone against the twin, at the scenario's stated costs; the exact difference "
        "of this seed, one run: no interval."
    )


def _shows(run: RunFolder) -> bool:
    return any(row["cost"] for fault in run.faults for row in fault["damage"])


COST = Picture("cost", "What it cost by then", draw, _shows, caption)
