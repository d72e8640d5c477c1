"""Judges a run by rules: which alerts they would have given, and when."""

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from mlsim.errors import ScenarioError
from mlsim.monitoring.alerts import Episode, episodes
from mlsim.monitoring.memory import Memory, identity
from mlsim.monitoring.promql import PromqlError, Source, Vector, evaluate
from mlsim.monitoring.promql.vector import Floats, Indices, drop
from mlsim.monitoring.recorded import Recorded
from mlsim.monitoring.rules import Rule
from mlsim.monitoring.templates import render
from mlsim.telemetry.labels import Labels, canonical, series_text


class Alert(NamedTuple):
    """One alert that a rule gave.

    labels: of the alert, written as in PromQL, without `alertname` and `severity`.
    pending_s, firing_s, resolved_s: seconds since day 0; NaN if it never fired, or is not over.
    value: of the expression when it fired (if it never did, when it became pending).
    summary: the annotation of that name, with that value.
    """

    rule: str
    group: str
    severity: str
    labels: str
    pending_s: float
    firing_s: float
    resolved_s: float
    value: float
    summary: str


TEXTS = ("rule", "group", "severity", "labels", "summary")


def judge(
    rules: Sequence[Rule],
    source: Source,
    start: float,
    end: float,
    interval: float,
    *,
    prometheus: Literal[2, 3] = 3,
    memory: Memory | None = None,
) -> pd.DataFrame:
    """The alerts that the rules give: one row each with the fields of `Alert`, by pending_s.

    All groups are evaluated at start, start + interval, ... up to end (seconds), or at their own
    interval; at one instant in the order of `rules`, each rule seeing what earlier ones recorded.

    memory: of earlier judgements of the same series over the same time; it is used and added to.
    Raises: ScenarioError if an expression is ambiguous over these series.
    """
    series, known = Recorded(source), memory or Memory()
    alerts: list[Alert] = []
    past: tuple[Hashable, ...] = ()
    for rule in rules:
        key = (identity(rule, interval), past)
        if rule.alert and key in known.alerts:
            alerts += known.alerts[key]
        elif not rule.alert and key in known.recorded:
            series.add(known.recorded[key])
        else:
            steps = evaluation_steps(start, end, rule.interval or interval)
            values = known.values(past) if memory is not None else None
            with blaming(rule):
                result = evaluate(
                    rule.expr, series, steps / 1000, prometheus=prometheus, values=values
                )
                if rule.alert:
                    known.alerts[key] = list(_alerts(rule, result, steps))
                    alerts += known.alerts[key]
                else:
                    made = series.record(rule.name, rule.labels, steps / 1000, result)
                    known.recorded[key] = made
        if not rule.alert:
            past = (*past, identity(rule, interval))
    # A stable sort: alerts of one instant stay in the order of the rules.
    alerts.sort(key=lambda alert: alert.pending_s)
    frame = pd.DataFrame(alerts, columns=list(Alert._fields))
    return frame.astype({name: str if name in TEXTS else float for name in Alert._fields})


@contextmanager
def blaming(rule: Rule) -> Iterator[None]:
    """Say of which rule it was that PromQL had no answer: a ScenarioError with its line."""
    try:
        yield
    except PromqlError as error:
        raise ScenarioError([rule.problem(error.message, error.suggestion)]) from None


def evaluation_steps(start: float, end: float, interval: float) -> Indices:
    """The instants start, start + interval, ... up to end (seconds), in milliseconds."""
    first, last, width = (round(seconds * 1000) for seconds in (start, end, interval))
    return np.arange(first, last + 1, width, dtype=np.int64)


def _alerts(rule: Rule, result: Vector, steps: Indices) -> Iterator[Alert]:
    labels = [_labels_of_alert(rule, series) for series in result.labels]
    Vector.of(labels, result.values, result.present)  # Two alerts must not share their labels.
    hold, keep = round(rule.hold * 1000), round(rule.keep * 1000)
    for row, own in enumerate(labels):
        found = episodes(result.present[row], steps, hold, keep)
        yield from _alerts_of_series(rule, own, result, row, found, steps / 1000)


def _labels_of_alert(rule: Rule, series: Labels) -> Labels:
    """The labels of a result with those of the rule, which win."""
    added = {name: render(text, dict(series), np.nan) for name, text in rule.labels.items()}
    return canonical(dict(drop(series)) | added | {"alertname": rule.name})


def _alerts_of_series(
    rule: Rule, labels: Labels, result: Vector, row: int, found: Iterator[Episode], steps: Floats
) -> Iterator[Alert]:
    severity = dict(labels).get("severity", "")
    text = series_text(drop(labels, ("alertname", "severity")))
    template, variables = rule.annotations.get("summary", ""), dict(result.labels[row])
    for episode in found:
        first = episode.pending if episode.firing is None else episode.firing
        value = float(result.values[row, first])
        yield Alert(
            rule=rule.name,
            group=rule.group,
            severity=severity,
            labels=text,
            pending_s=float(steps[episode.pending]),
            firing_s=np.nan if episode.firing is None else float(steps[episode.firing]),
            resolved_s=np.nan if episode.resolved is None else float(steps[episode.resolved]),
            value=value,
            summary=render(template, variables, value),
        )
