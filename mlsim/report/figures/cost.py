"""Cost: what each fault has cost so far, and how much of it before somebody knew."""

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlsim.report import style, wording
from mlsim.report.answer import Fault
from mlsim.report.figures.panels import DAY, Panels, round_numbers, shade
from mlsim.report.figures.picture import Picture
from mlsim.report.folder import RunFolder

_POINTS = 500
"""More of them look no different on paper."""


def draw(run: RunFolder, width: float = style.WIDE) -> Figure:
    """One panel a fault: its cost up to each moment, with a mark where the first alert fired."""
    with style.applied():
        panels = Panels(run, width, [1.3] * len(run.faults), named=[])
        for axes, fault in zip(panels, run.faults, strict=True):
            shade(axes, run, fault)
            days, cost = _sum_so_far(run, fault)
            saved = " (below 0: saved)" if cost.min() < 0 else ""
            title = f"{fault['name']}: cost so far, {_unit(fault)}{saved}"
            axes.set_title(title, loc="left", fontsize=9)
            _growth(axes, days, cost)
            if fault["detected"] is not None:
                _alert(axes, fault, days, cost, width - panels.left - panels.right)
            _repair(axes, fault, run, (days, cost), width - panels.left - panels.right)
    return panels.figure


def _unit(fault: Fault) -> str:
    return fault["cost"]["currency"] or "no currency"


def _sum_so_far(run: RunFolder, fault: Fault) -> tuple[np.ndarray, np.ndarray]:
    """Days, and the cost up to each: as many as can be seen, and where something is marked."""
    days, cost = run.cost_so_far(fault["name"])
    if days.size <= _POINTS:
        return days, cost
    detected = fault["detected"]
    marked = [fault["at_s"], fault["until_s"], detected and detected["firing_s"]]
    inside = [time / DAY for time in marked if time is not None and time < run.horizon_s]
    shown = np.union1d(np.linspace(0.0, days[-1], _POINTS), inside)
    return shown, np.interp(shown, days, cost)


def _growth(axes: Axes, days: np.ndarray, cost: np.ndarray) -> None:
    axes.fill_between(days, cost, color=style.LIGHT["gap"], linewidth=0)
    axes.plot(days, cost, color=style.LIGHT["run"])
    axes.axhline(0, color=style.LIGHT["hair"], linewidth=0.8)
    axes.margins(y=0.15)
    round_numbers(axes, _short)


def _short(value: float) -> str:
    """An amount that fits beside an axis.

    >>> _short(2_500_000.0), _short(20_000.0), _short(250.0)
    ('2.5 M', '20 k', '250')
    """
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g} {letter}"
    return f"{value:g}"


def _alert(axes: Axes, fault: Fault, days: np.ndarray, cost: np.ndarray, inches: float) -> None:
    """Marks the first alert; its words go where the curve, which rises to the right, is not."""
    detected, by_then = fault["detected"], fault["cost"]["before_alert"]
    mark = detected["firing_s"] / DAY, by_then
    shape = "^" if detected["severity"] == "page" else "o"
    axes.plot(*mark, marker=shape, markersize=7, color=style.LIGHT["ink"], clip_on=False)
    paid = wording.money(abs(by_then), fault["cost"]["currency"])
    words = [detected["rule"], f"{paid} {'saved ' if by_then < 0 else ''}by then"]
    room = max(map(style.text_width, words)) / inches * axes.get_xlim()[1]
    middle = sum(axes.get_ylim()) / 2
    if mark[0] > room:
        _say(axes, words, mark, (-8, -6 if by_then > middle else 6), ha="right")
    elif by_then > middle:
        _say(axes, words, mark, (8, -6), ha="left")
    else:
        # Under the curve, once that is high enough, with a line back to the mark.
        risen = max(float(days[np.argmax(cost > middle)]), mark[0])
        axes.plot([mark[0], risen], [by_then] * 2, color=style.LIGHT["muted"], linewidth=0.8)
        _say(axes, words, (risen, by_then), (4, 2), ha="left")


def _repair(
    axes: Axes, fault: Fault, run: RunFolder, line: tuple[np.ndarray, np.ndarray], inches: float
) -> None:
    """Marks the repair, and what was still to come: under the line, or over it."""
    until = fault["until_s"]
    if until is None or until >= run.horizon_s:
        return
    noticed = fault["detected"]
    mark = until / DAY, float(np.interp(until / DAY, *line))
    axes.plot(*mark, marker="D", markersize=5, color=style.LIGHT["run"], clip_on=False)
    if mark[1] < axes.get_ylim()[1] / 3:  # no room for words
        return
    later = _later(run.cost_from(fault["name"], until), fault["cost"]["currency"])
    before, after = (inches * share for share in (until / run.horizon_s, 1 - until / run.horizon_s))
    beside, above = ["repaired", later], [f"repaired; {later}"]
    if noticed and noticed["firing_s"] >= until:
        return  # the alert's own words stand there
    if style.text_width(beside[1]) < after:
        _say(axes, beside, mark, (5, -9), ha="left")
    elif style.text_width(above[0]) < before:
        _say(axes, above, mark, (-7, 2), ha="right")


def _later(cost: float, currency: str) -> str:
    """What a fault costs that is repaired.

    >>> _later(250.0, "EUR"), _later(-250.0, "EUR"), _later(1e-9, "EUR")
    ('250 EUR to come', 'saving of 250 EUR to come', 'no more cost')
    """
    if round(cost, 2) == 0:
        return "no more cost"
    amount = wording.about(abs(cost), currency)
    return f"{'saving of ' if cost < 0 else ''}{amount} to come"


def _say(
    axes: Axes,
    words: list[str],
    mark: tuple[float, float],
    shift: tuple[float, float],
    ha: Literal["left", "right"],
) -> None:
    """Writes beside a point of the panel, `shift` in points away."""
    axes.annotate(
        "\n".join(words),
        mark,
        xytext=shift,
        textcoords="offset points",
        ha=ha,
        va="top" if shift[1] < 0 else "bottom",
        fontsize=8.5,
    )


def caption(run: RunFolder) -> str:
    """What to see in the cost figure."""
    mark = (
        "The mark is where the first alert that the fault caused fired: what the line climbs after "
        "it, somebody could have prevented. The diamond is the repair: what follows is spoilt all "
        "the same. "
    )
    return (
        f"{mark if any(fault['detected'] for fault in run.faults) else ''}"
        "Each fault alone against the twin, at the scenario's stated costs; the exact difference "
        "of this seed, one run: no interval."
    )


def _shows(run: RunFolder) -> bool:
    return any(row["cost"] for fault in run.faults for row in fault["damage"])


COST = Picture("cost", "What it cost by then", draw, _shows, caption)
