"""The path of a fault in order of time: from its onset over data and people to whoever noticed.

Nothing is concluded here that isn't in a row, a version, a difference to the twin or an alert.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from mlsim.measures.findings import Findings
from mlsim.measures.footprint import BlastRadius

HOUR = 3600.0

Stage = Literal[
    "fault", "first_row", "reached", "learned", "symptom", "alert", "repair", "last_row"
]


@dataclass(frozen=True)
class Step:
    """One thing that happened. time_s: seconds since day 0.

    facts, by stage: fault: title. repair: title, restarted (somebody did before the fault's stated
    end). first_row, reached: a row of `FirstRows`. learned: name, version, touched_rows, rows.
    symptom: outcome, title, difference (of the minute that ends at
    time_s), unit ("" where things are counted). alert: rule, labels, severity, pending_s (when its
    condition began to hold). last_row: rows (after the repair), models, goes_on (whether the run
    ended within the hour).
    """

    time_s: float
    stage: Stage
    facts: Mapping[str, Any]


def explain(findings: Findings, fault: str) -> list[Step]:
    """What followed from a fault, in its own world, in order of time."""
    spec = findings.faults[fault]
    title = {"title": spec.title()}
    steps = [Step(spec.at, "fault", title)]
    radius = findings.alone(fault).radius
    if radius is not None:
        steps += [*_rows(radius.first_rows), *_learned(radius.models)]
    steps += [*_symptom(findings, fault), *_alert(findings.first_alert(fault))]
    ends = findings.ends(fault)
    if ends < findings.scenario.horizon:
        steps.append(Step(ends, "repair", {**title, "restarted": ends < spec.ends}))
        if radius is not None:
            steps += _afterwards(radius, findings.scenario.horizon)
    return sorted(steps, key=lambda step: step.time_s)


def _rows(first: pd.DataFrame) -> Iterator[Step]:
    """The first wrong row of all, then the first one at each further component."""
    seen: set[str] = set()
    for row in _records(first):
        stage: Stage = "reached" if seen else "first_row"
        if row["component"] not in seen:
            yield Step(row["time_s"], stage, row)
        seen.add(row["component"])


def _learned(models: pd.DataFrame) -> Iterator[Step]:
    """The first version of each model that was fitted on touched rows, or otherwise than meant."""
    for row in _records(models.drop_duplicates("name")):
        yield Step(row["trained_at_s"], "learned", row)


def _records(table: pd.DataFrame) -> Iterable[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _symptom(findings: Findings, fault: str) -> Iterator[Step]:
    """The outcome that differs first from the twin's: the same people, so any difference counts."""
    twin, alone = findings.twin, findings.alone(fault)
    first, earliest = None, math.inf
    for name in findings.scenario.outcomes if twin else ():
        difference = alone.totals[name] - twin.totals[name] if twin else np.zeros(0)
        moved = np.flatnonzero(difference)
        if moved.size and moved[0] < earliest:
            earliest, first = moved[0], (name, float(difference[moved[0]]))
    if first is not None:
        name, amount = first
        outcome = findings.scenario.outcomes[name]
        facts = {
            "outcome": name,
            "title": outcome.title or name.replace("_", " "),
            "difference": amount,
            "unit": outcome.unit if outcome.sum is not None else "",
        }
        yield Step(float((earliest + 1) * alone.step), "symptom", facts)


def _alert(first: pd.Series | None) -> Iterator[Step]:
    if first is not None:
        facts: dict[str, Any] = {key: str(first[key]) for key in ("rule", "labels", "severity")}
        facts["pending_s"] = float(first["pending_s"])
        yield Step(float(first["firing_s"]), "alert", facts)


def _afterwards(radius: BlastRadius, horizon: float) -> Iterator[Step]:
    """The last row that was touched after the repair, and by which versions."""
    if radius.total.after_repair:
        names = list(dict.fromkeys(radius.models["name"]))
        goes_on = radius.total.last_s > horizon - HOUR
        facts = {"rows": radius.total.after_repair, "models": names, "goes_on": goes_on}
        yield Step(radius.total.last_s, "last_row", facts)
