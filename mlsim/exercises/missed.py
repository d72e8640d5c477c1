"""Why nobody noticed a fault: what the rules and checks looked at, and what they saw there.

Every number is read from the run itself: from its rows, and from the series that rules saw.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mlsim.exercises.moved import changed_values, what_moved
from mlsim.exercises.thresholds import Threshold, thresholds_of
from mlsim.measures.findings import Findings
from mlsim.monitoring.checks.base import ColumnCheck
from mlsim.monitoring.checks.range import Range
from mlsim.monitoring.judging import blaming, evaluation_steps
from mlsim.monitoring.promql import Vector, evaluate, parse
from mlsim.monitoring.promql.vector import Floats, drop
from mlsim.monitoring.recorded import Recorded
from mlsim.monitoring.rules import Rule
from mlsim.report.wording import day, duration, number, percent
from mlsim.telemetry.labels import Labels, series_text

HOUR = 3600.0
AFTERMATH = 2 * 86400.0
"""Seconds after a repair in which what it left behind may still be seen."""
ENOUGH = 3
"""Sentences about one fault that a reader takes in."""


def why_missed(run: Findings, fault: str) -> Iterator[str]:
    """Sentences on why no alert is due to a fault, and at last on what it changed."""
    monitoring = run.monitoring
    if monitoring is None or not (monitoring.rules or monitoring.checks):
        yield "There is no rule and no check: nobody looked."
    else:
        said = [*_fired_anyway(run, fault), *_gave_up(run, fault)]
        said += [*_checks_saw(run, fault), *_rules_saw(run, fault)]
        yield from list(dict.fromkeys(said))[:ENOUGH] or [
            "Nothing that the rules and checks look at differed from a world without the fault."
        ]
    spec = run.faults[fault]
    yield from what_moved(run, fault, (spec.at, min(spec.ends, run.scenario.horizon)))


def _watched(run: Findings, fault: str) -> tuple[float, float]:
    """From when to when one may expect to see something of a fault, in seconds."""
    spec = run.faults[fault]
    return spec.at, min(spec.ends + AFTERMATH, run.scenario.horizon)


def _fired_anyway(run: Findings, fault: str) -> Iterator[str]:
    alerts = run.alone(fault).alerts
    begin, end = _watched(run, fault)
    during = alerts[(alerts["firing_s"] >= begin) & (alerts["firing_s"] <= end)]
    for rule, fired in during.groupby("rule"):
        yield (
            f"{rule} fired on {day(fired['firing_s'].min())}, while it was firing in the world "
            "without the fault, too: it isn't about the fault."
        )


def _gave_up(run: Findings, fault: str) -> Iterator[str]:
    """Alerts that were pending because of the fault, and never fired."""
    alone, begin_end = run.alone(fault).alerts, _watched(run, fault)
    twin = run.twin.alerts if run.twin else alone.head(0)
    known = set(zip(twin["rule"], twin["pending_s"], strict=True))
    pending = alone[alone["firing_s"].isna() & alone["pending_s"].between(*begin_end)]
    new = [row for row in pending.itertuples() if (row.rule, row.pending_s) not in known]
    frame = pd.DataFrame(new)
    for rule, rows in frame.groupby("rule") if new else ():
        lasted = (rows["resolved_s"].fillna(run.scenario.horizon) - rows["pending_s"]).max()
        hold = next(r.hold for r in run.monitoring.rules if r.name == rule) if run.monitoring else 0
        yield (
            f"{rule} was about to fire on {day(rows['pending_s'].iloc[0])}: its condition held for "
            f"{duration(lasted)} at most, and it asks for {duration(hold)}."
        )


def _checks_saw(run: Findings, fault: str) -> Iterator[str]:
    for name, check in run.monitoring.checks.items() if run.monitoring else ():
        changed = changed_values(run, fault, check) if isinstance(check, ColumnCheck) else None
        nothing = list(_saw_nothing(run, fault, name))
        yield from nothing
        if isinstance(check, Range) and changed is not None and changed.size:
            yield from _range_saw(name, check, changed)
        elif changed is not None and not changed.size and not nothing:
            yield (
                f"{name} looks at {check.about}, which reached the collector just as it does "
                "without the fault."
            )


def _saw_nothing(run: Findings, fault: str, name: str) -> Iterator[str]:
    """A check without rows neither passes nor fails, and no rule about it can hold."""
    if run.twin is None:
        return
    begin, end = _watched(run, fault)
    steps = evaluation_steps(begin, end, HOUR) / 1000
    rows = f'data_check_rows{{check="{name}"}}'
    here, there = (evaluate(rows, r.store, steps) for r in (run.alone(fault), run.twin))
    if not (here.labels and there.labels):
        return
    empty = (here.values[0] == 0) & (there.values[0] > 0)
    if empty.any():
        since = day(float(steps[int(np.argmax(empty))]))
        yield f"{name} had no rows to look at from {since} on: what sees nothing reports nothing."


def _range_saw(name: str, check: Range, changed: Floats) -> Iterator[str]:
    """A range check is blind to what is plausible."""
    inside = changed[(changed >= check.min) & (changed <= check.max)]
    bounds = f"{number(check.min)}..{number(check.max)}"
    typical = number(float(np.median(inside))) if inside.size else ""
    if inside.size == changed.size:
        yield f"{name} passed: {typical} lies within {bounds}."
    elif inside.size:
        share = percent(inside.size / changed.size)
        yield f"{name} passed for {share} of the wrong rows: {typical} lies within {bounds}."


@dataclass(frozen=True)
class _Seen:
    """What a rule compares with a threshold, in the world of a fault and in the twin."""

    rule: Rule
    threshold: Threshold
    here: Vector
    there: Vector
    steps: Floats


def _rules_saw(run: Findings, fault: str) -> Iterator[str]:
    """For each rule how close it came; those that came closest first."""
    told = [t for seen in _all_seen(run, fault) if (t := _closest(seen)) is not None]
    yield from (sentence for _, sentence in sorted(told, key=lambda pair: -pair[0]))


def _all_seen(run: Findings, fault: str) -> Iterator[_Seen]:
    if run.monitoring is None or run.twin is None:
        return
    here, there = Recorded(run.alone(fault).store), Recorded(run.twin.store)
    begin, end = _watched(run, fault)
    interval = run.monitoring.evaluation_interval
    for rule in run.monitoring.rules:
        whole = evaluation_steps(0.0, end, rule.interval or interval) / 1000
        with blaming(rule):
            if not rule.alert:
                for source in (here, there):
                    result = evaluate(rule.expr, source, whole)
                    source.record(rule.name, rule.labels, whole, result)
                continue
            steps = whole[whole >= begin]
            for threshold in thresholds_of(parse(rule.expr)):
                left = threshold.left
                seen = (evaluate(left, here, steps), evaluate(left, there, steps))
                yield _Seen(rule, threshold, *seen, steps)


def _closest(seen: _Seen) -> tuple[float, str] | None:
    """How near (1 is at the threshold) and in words; None if the fault changed nothing of it."""
    best: tuple[float, float, float, Labels] | None = None
    for row, labels in enumerate(seen.here.labels):
        values = np.where(seen.here.present[row], seen.here.values[row], np.nan)
        if _same_in(seen.there, labels, values) or np.isnan(values).all():
            continue
        step = int(np.nanargmax(values * seen.threshold.direction))
        near = _nearness(values[step], seen.threshold)
        if best is None or near > best[0]:
            best = (near, float(values[step]), float(seen.steps[step]), labels)
    if best is None or not best[0]:
        return None
    near, value, time, labels = best
    about = series_text(drop(labels))
    what = f" ({about})" if about not in ("", "{}") else ""
    return near, (
        f"{seen.rule.name} came closest on {day(time)} with {number(value)}{what}; it asks for "
        f"{seen.threshold.text}."
    )


def _same_in(other: Vector, labels: Labels, values: Floats) -> bool:
    if labels not in other.labels:
        return False
    row = list(other.labels).index(labels)
    there = np.where(other.present[row], other.values[row], np.nan)
    return np.array_equal(values, there, equal_nan=True)


def _nearness(value: float, threshold: Threshold) -> float:
    if threshold.value == 0 or value == 0:
        return 0.0
    ratio = value / threshold.value
    return float(ratio if threshold.direction > 0 else 1 / ratio)
