"""Timeline: faults as bands, alerts as marks, each outcome as the distance between run and twin."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlsim.report import style, wording
from mlsim.report.answer import NO_TELLING, has_twin, is_nothing
from mlsim.report.figures.panels import DAY, Panels, round_numbers, shade
from mlsim.report.figures.picture import Picture
from mlsim.report.folder import TOGETHER, RunFolder, Steps

_LANE = 0.36
_PANEL = 0.95
_MARKS = {"page": "^"}


def draw(run: RunFolder, width: float = style.WIDE) -> Figure:
    """Alerts in lanes on top, a panel an outcome below, then one a state of the world."""
    alerts = run.caused
    rules = list(dict.fromkeys(alerts["rule"]))
    outcomes = moved(run)
    with style.applied():
        below = len(outcomes) + len(run.state_names)
        heights = [_LANE * max(len(rules), 1)] + [_PANEL] * below
        panels = Panels(run, width, heights, named=run.faults)
        first, *others = panels
        for axes, fault in product((first, *others), run.faults):
            shade(axes, run, fault)
        _alert_lanes(first, rules, alerts, panels)
        for axes, outcome in zip(others, outcomes, strict=False):
            steps = run.steps_of(outcome["outcome"])
            _both(axes, run, steps)
            _title(axes, f"{wording.capital(outcome['title'])}, {outcome['unit']} per {steps.per}")
        for axes, state in zip(others[len(outcomes) :], run.state_names, strict=True):
            _both(axes, run, run.steps_of_state(state))
            _title(axes, f"State of the world: {state.replace('_', ' ')}")
    return panels.figure


def moved(run: RunFolder) -> list[Mapping[str, Any]]:
    """The outcomes that differ from the twin's on some day; all, if none does or nothing tells."""
    outcomes: list[Mapping[str, Any]] = run.summary["outcomes"]
    differ = [
        outcome
        for outcome in outcomes
        if run.days_of(run.world, outcome["outcome"])["difference"].fillna(0).any()
    ]
    return differ or outcomes


def _title(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", fontsize=9, pad=5, color=style.LIGHT["ink"])


def _alert_lanes(axes: Axes, rules: list[str], alerts: pd.DataFrame, panels: Panels) -> None:
    axes.set_ylim(max(len(rules), 1), 0)
    axes.set_yticks([])
    _title(axes, "Alerts" if rules else "Alerts: none fired")
    for lane, rule in enumerate(rules):
        fired = alerts[alerts["rule"] == rule]
        for alert in fired.itertuples():
            _alert(axes, lane, alert, panels.run)
        _name_lane(axes, lane, fired, panels)


def _alert(axes: Axes, lane: int, alert: Any, run: RunFolder) -> None:
    """A mark where an alert fired and a bar while it lasted; hollow if no fault caused it."""
    begin = alert.firing_s / DAY
    end = (run.horizon_s if np.isnan(alert.resolved_s) else alert.resolved_s) / DAY
    colour = _colour(alert.due, run)
    axes.plot([begin, end], [lane + 0.72] * 2, color=colour, linewidth=2.5 if alert.due else 1.2)
    axes.plot(
        begin,
        lane + 0.72,
        marker=_MARKS.get(alert.severity, "o"),
        markersize=6.5,
        color=colour,
        markerfacecolor=colour if alert.due else style.LIGHT["paper"],
        markeredgecolor=colour,
        clip_on=False,
    )


def _colour(due: str, run: RunFolder) -> str:
    if due and due != TOGETHER:
        return style.of_fault(run.number(due))[0]
    return style.LIGHT["ink" if due else "muted"]


def _name_lane(axes: Axes, lane: int, fired: pd.DataFrame, panels: Panels) -> None:
    """Writes the rule's name over its first mark, or as near to it as fits into the panel."""
    details = f"{fired['severity'].iloc[0]}{_how_often(fired)}".removeprefix(", ")
    text = fired["rule"].iloc[0] + (f" ({details})" if details else "")
    inches = panels.figure.get_figwidth() - panels.left - panels.right
    size = min(8.5, 8.5 * inches / style.text_width(text, 8.5))
    days = axes.get_xlim()[1]
    latest = days * (1 - style.text_width(text, size) / inches)
    begin = max(min(fired["firing_s"].iloc[0] / DAY, latest), 0.0)
    # Another fault's hairline passes behind the words, not through them.
    ground = {"facecolor": style.LIGHT["paper"], "alpha": 0.85, "linewidth": 0, "pad": 0.8}
    axes.text(
        begin,
        lane + 0.4,
        text,
        fontsize=size,
        color=style.LIGHT["ink"],
        bbox=ground,
        zorder=5,
        clip_on=True,
    )


def _how_often(fired: pd.DataFrame) -> str:
    """Says of several alerts whether they are one series again and again, or several at once."""
    times, series = len(fired), fired["labels"].nunique()
    again = f", {times} times" if times > series else ""
    return again + (f", {series} series" if series > 1 else "")


def _both(axes: Axes, shown: RunFolder, steps: Steps) -> None:
    """Run and twin in steps, not slopes: a day's figure belongs to the whole day."""
    edges, run, twin, _ = steps
    compared = bool(shown.faults) and not np.isnan(twin).any()  # else they are one line
    if compared:
        axes.stairs(run, edges, baseline=twin, fill=True, color=style.LIGHT["gap"])
        axes.stairs(twin, edges, baseline=None, color=style.LIGHT["twin"], linewidth=1.2)
    axes.stairs(run, edges, baseline=None, color=style.LIGHT["run"], linewidth=1.5)
    axes.set_ylim(min(0.0, np.nanmin([run, twin])), np.nanmax([run, twin]) * 1.08 or 1.0)
    round_numbers(axes, wording.number)
    _name_lines(axes, run[-1], twin[-1] if compared else None)


def _name_lines(axes: Axes, run: float, twin: float | None) -> None:
    """Names the two lines at their right ends, apart enough to be read; the same line once."""
    low, high = axes.get_ylim()
    names = [("run", run, "run")]
    if twin is not None:
        # A side each, and at least a line's height between them.
        push = max(0.15 * (high - low) - abs(run - twin), 0.0) / 2 * (1 if run >= twin else -1)
        lift = max(low - min(run + push, twin - push), 0.0)  # clear of what is written below
        names = [("run", run + push + lift, "run"), ("twin", twin - push + lift, "muted")]
    for name, at, role in names:
        axes.annotate(
            name,
            (axes.get_xlim()[1], at),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            color=style.LIGHT[role],
            annotation_clip=False,
        )


def caption(run: RunFolder) -> str:
    """What to see in the timeline."""
    shaded = "Shaded: while a fault lasts, paler while it builds up. " if run.faults else ""
    marks = "Triangles page somebody, dots open a ticket, the bar lasts until the alert resolves"
    if not has_twin(run.summary):
        return (
            f"{shaded}{marks}. All are hollow: without a twin nothing tells what caused an alert, "
            "and there is nothing to compare the outcomes with."
        )
    if not run.faults:
        return f"{marks}. All are hollow: {NO_TELLING}."
    several = "each in the colour of the fault that caused it; " if len(run.faults) > 1 else ""
    black = "black ones take several faults at once; " if TOGETHER in set(run.caused["due"]) else ""
    return (
        f"{shaded}{marks}; {several}{black}hollow ones are alerts that no fault caused. The filled "
        "distance between the lines is what the faults did: the same people with the same "
        f"luck, with the faults (run) and without (twin).{_answered(run)}{_unmoved(run)}"
        f"{_after_repair(run)}"
    )


def _unmoved(run: RunFolder) -> str:
    drawn = moved(run)
    still = [_still(row) for row in run.summary["outcomes"] if row not in drawn]
    return f" The same in both, and not drawn: {wording.listed(still)}." if still else ""


def _still(row: Mapping[str, Any]) -> str:
    """An outcome that is the same in both, and what it costs in each.

    >>> _still({"title": "lost", "cost_run": 195.0, "currency": "EUR"})
    '"lost" (195 EUR)'
    """
    cost = row["cost_run"]
    price = "" if is_nothing(cost) else f" ({wording.about(cost, row['currency'])})"
    return f'"{row["title"]}"{price}'


def _answered(run: RunFolder) -> str:
    """Says what a state is, where one is drawn."""
    if not run.state_names:
        return ""
    return " States of the world answer what people were told: they differ as it came about."


def _after_repair(run: RunFolder) -> str:
    """Names what goes on after a repair while no alert that the fault caused is up any more."""
    told = []
    for fault in run.faults:
        repaired = fault["until_s"] or run.horizon_s
        cost = run.cost_from(fault["name"], repaired)
        if repaired < run.horizon_s and _is_worth_a_word(cost, fault["cost"]["total"]):
            price = wording.about(abs(cost), fault["cost"]["currency"])
            word = "cost" if cost > 0 else "saved"
            told.append(f"{fault['name']} {word} {price} after its repair")
    return f" What is repaired is not over: {wording.listed(told)}." if told else ""


def _is_worth_a_word(cost: float, total: float | None) -> bool:
    """Whether a part of what a fault cost is a hundredth of it, and a cent.

    >>> _is_worth_a_word(-3.0, 20.0), _is_worth_a_word(0.0, 0.0), _is_worth_a_word(1.0, 200.0)
    (True, False, False)
    """
    return not is_nothing(cost) and abs(cost) > 0.01 * abs(total or 0.0)


TIMELINE = Picture("timeline", "What happened, and when", draw, lambda _: True, caption)
