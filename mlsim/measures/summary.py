"""The summary of a run in plain numbers: what a program, a report or a screen shows of it."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mlsim.faults.base import Fault
from mlsim.measures.damage import until
from mlsim.measures.findings import Findings
from mlsim.measures.record import Record
from mlsim.monitoring.blind import blind_spots
from mlsim.scenario.spec import Outcome
from mlsim.system.graph import graph_of
from mlsim.system.ways import doubtful

DAY = 86400.0


def summary(findings: Findings) -> dict[str, Any]:
    """The headline figures, as they stand in `summary.json`; times are seconds since day 0."""
    figures: dict[str, Any] = plain(
        {
            "scenario": _scenario(findings),
            "monitoring": _monitoring(findings),
            "requests": _requests(findings),
            "faults": [_fault(findings, fault) for fault in findings.scenario.faults],
            "together": _together(findings),
            "outcomes": [_outcome(findings, n, o) for n, o in findings.scenario.outcomes.items()],
            "rules": _rules(findings),
            "components": _components(findings),
            "overloaded_twin": _overloaded(findings.twin),
            "models": findings.run.models.to_dict("records"),
            "graph": graph_of(findings.scenario.system, findings.scenario.flow),
            "warnings": [*findings.run.warnings, *_doubts(findings), *_blind_spots(findings)],
        }
    )
    return figures


def _doubts(findings: Findings) -> list[str]:
    document = findings.scenario.document
    named = replace(document, path=Path(document.path.name))  # wherever it lies
    return [str(named.problem(*doubt)) for doubt in doubtful(findings.scenario)]


def _blind_spots(findings: Findings) -> list[str]:
    rules = findings.monitoring.rules if findings.monitoring else ()
    return list(dict.fromkeys(blind_spots(rules, findings.scenario)))


def _scenario(findings: Findings) -> dict[str, Any]:
    scenario = findings.scenario
    return {
        "name": scenario.scenario,
        "title": scenario.title,
        "start": scenario.start.isoformat() if scenario.start else None,
        "horizon_s": scenario.horizon,
        "history_s": scenario.history,
        "seed": findings.seed,
        "hash": scenario.hash,
        "file": scenario.document.path.name,
    }


def _monitoring(findings: Findings) -> dict[str, Any] | None:
    monitoring, run = findings.monitoring, findings.run
    if monitoring is None:
        return None
    fired = run.fired
    return {
        "file": monitoring.path.name,
        "scrape_interval_s": monitoring.scrape_interval,
        "evaluation_interval_s": monitoring.evaluation_interval,
        "rules": len(findings.rules),
        "checks": len(monitoring.checks),
        "series": len(run.store),
        "samples": len(run.store) * int((run.store.times >= 0).sum()),
        "pages": int((fired["severity"] == "page").sum()),
        "tickets": int((fired["severity"] == "ticket").sum()),
    }


def _requests(findings: Findings) -> dict[str, Any]:
    ended = findings.run.requests
    total = sum(ended.values())
    return {"total": total, **ended, "per_s": total / findings.scenario.horizon}


def _components(findings: Findings) -> list[dict[str, Any]]:
    """What each did, and whether requests go on without it."""
    system = findings.scenario.system
    return [
        {**row, "optional": getattr(system[row["name"]], "optional", False)}
        for row in findings.run.components
    ]


def _overloaded(twin: Record | None) -> list[str]:
    """The components that were overloaded with nothing broken."""
    return [row["name"] for row in twin.components if row.get("overloads")] if twin else []


def _fault(findings: Findings, fault: Fault) -> dict[str, Any]:
    name, began, twin = fault.called, fault.called in findings.faults, findings.twin
    # A fault that begins after the horizon has no world: alone it would have left the twin's.
    alone = findings.alone(name) if began else twin or findings.run
    first = findings.first_alert(name) if began else None
    alert_s = math.inf if first is None else float(first["firing_s"])
    ends = findings.ends(name) if began else fault.ends
    damage = [
        _damage(outcome_name, outcome, alone, twin, alert_s)
        for outcome_name, outcome in findings.scenario.outcomes.items()
    ]
    return {
        "name": name,
        "kind": fault.kind,
        "title": fault.title(),
        "began": began,
        "components": fault.where(findings.scenario.system),
        "at_s": fault.at,
        "until_s": ends,
        "restarted": ends < fault.ends,
        "ramp_s": getattr(fault, "ramp", None),
        "detected": None if first is None else {
            "rule": first["rule"],
            "severity": first["severity"],
            "labels": first["labels"],
            "firing_s": alert_s,
            "time_to_detect_s": alert_s - fault.at,
        },
        "damage": damage,
        "radius": _radius(alone),
        "cost": {
            "total": _sum(d["cost"] for d in damage),
            "before_alert": _sum(d["cost_before_alert"] for d in damage),
            "after_alert": _sum(d["cost_after_alert"] for d in damage),
            "currency": _currency(findings),
        },
    }  # fmt: skip


def _together(findings: Findings) -> dict[str, Any] | None:
    """What several faults do to each other: their damage together beyond the sum of each alone."""
    twin, faults = findings.twin, list(findings.faults)
    if twin is None or len(faults) < 2:
        return None
    rows = []
    for name, outcome in findings.scenario.outcomes.items():
        base = twin.totals[name].sum()
        alone = sum(float(findings.alone(fault).totals[name].sum() - base) for fault in faults)
        together = float(findings.run.totals[name].sum() - base)
        price = outcome.cost.amount if outcome.cost else math.nan
        rows.append(
            {
                "outcome": name,
                "title": outcome.title or name.replace("_", " "),
                "unit": outcome.unit,
                "together": together,
                "sum_of_alone": alone,
                "beyond": together - alone,
                "cost_beyond": (together - alone) * price,
            }
        )
    return {
        "damage": rows,
        "cost_beyond": _sum(row["cost_beyond"] for row in rows),
        "currency": _currency(findings),
    }


def _radius(record: Record) -> dict[str, Any] | None:
    """How far a fault reached, in rows, people, days, components and model versions."""
    radius = record.radius
    if radius is None:
        return None
    return {
        **vars(radius.total),
        "people": radius.people,
        "days": radius.days,
        "components": radius.components.to_dict("records"),
        "models": radius.models.to_dict("records"),
    }


def _damage(
    name: str, outcome: Outcome, alone: Record, twin: Record | None, alert_s: float
) -> dict[str, Any]:
    """One outcome of a fault's world against the twin, up to its first alert and after it."""
    own = alone.totals[name]
    other = twin.totals[name] if twin else np.full(own.size, np.nan)
    difference = own - other
    price = outcome.cost.amount if outcome.cost else math.nan
    before = until(difference, alone.step, alert_s)
    total = float(difference.sum())
    return {
        "outcome": name,
        "title": outcome.title or name.replace("_", " "),
        "unit": outcome.unit,
        "run": float(own.sum()),
        "twin": float(other.sum()),
        "difference": total,
        "cost": total * price,
        "cost_before_alert": before * price,
        "cost_after_alert": (total - before) * price,
    }


def _outcome(findings: Findings, name: str, outcome: Outcome) -> dict[str, Any]:
    damage = _damage(name, outcome, findings.run, findings.twin, math.inf)
    price = outcome.cost.amount if outcome.cost else math.nan
    return {
        **{key: damage[key] for key in ("outcome", "title", "unit", "run", "twin", "difference")},
        "cost_run": damage["run"] * price,
        "cost_twin": damage["twin"] * price,
        "cost_difference": damage["cost"],
        "currency": outcome.cost.currency if outcome.cost else "",
    }


def _rules(findings: Findings) -> list[dict[str, Any]]:
    def firings(record: Record | None) -> pd.Series:
        if record is None:
            return pd.Series(math.nan, findings.rules.index)
        fired = record.fired.groupby("rule").size()
        return findings.rules["rule"].map(fired).fillna(0).astype(int)

    first = findings.run.fired.groupby("rule")["firing_s"].min()
    table = findings.rules.assign(
        firings_run=firings(findings.run),
        firings_twin=firings(findings.twin),
        first_firing_s=findings.rules["rule"].map(first).astype(float),
    )
    return [dict(zip(table.columns, row, strict=True)) for row in table.itertuples(index=False)]


def _currency(findings: Findings) -> str:
    return next((o.cost.currency for o in findings.scenario.outcomes.values() if o.cost), "")


def _sum(costs: Any) -> float:
    """The sum of the costs that are known."""
    known = [cost for cost in costs if not math.isnan(cost)]
    return sum(known) if known else math.nan


def plain(value: Any) -> Any:
    """The same with Python's own numbers, and None for what there is not (NaN)."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
