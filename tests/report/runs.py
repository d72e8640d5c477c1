"""Run folders of the agreed shape, with believable numbers for the COVID app."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

DAY = 86_400.0
HOUR = 3_600.0
OUTCOMES = (
    ("missed_infections", "Missed infections", "people", 400.0, 260.0),
    ("isolated_for_nothing", "People isolated for nothing", "people", 150.0, 910.0),
    ("abandoned", "Abandoned check-ups", "check-ups", 2.0, 340.0),
    ("waiting", "Waiting time", "hours", 20.0, 31.5),
)
RULES = (
    ("InstanceDown", "page", 0),
    ("HighErrorRate", "page", 0),
    ("HighLatency", "ticket", 1),
    ("TemperatureOutOfRange", "page", 0),
    ("InputDrift", "ticket", 2),
    ("PredictionDrift", "ticket", 0),
)
SEVERITIES = {rule: severity for rule, severity, _ in RULES}
LONG_RULES = tuple(
    (f"SomeQuiteLongRuleNameNumber{n:02d}OnFeatures", ("page", "ticket")[n % 2], n % 3)
    for n in range(10)
)


@dataclass(frozen=True)
class Broken:
    """A fault of a made-up run: what it does to each outcome a day, and who notices when."""

    name: str
    title: str
    component: str
    at_s: float
    until_s: float | None
    ramp_s: float | None
    daily: tuple[float, ...]
    noticed: Mapping[str, float] = field(default_factory=dict)


UNIT_CHANGE = Broken(
    "unit_change",
    "phone sends temperature in fahrenheit",
    "phone",
    9 * DAY,
    14 * DAY,
    2 * DAY,
    (-170.0, 5200.0, 0.0, 0.0),
    {"TemperatureOutOfRange": 4 * HOUR + 600, "InputDrift": 1 * DAY, "PredictionDrift": 30 * HOUR},
)
STALE_MODEL = Broken(
    "stale_model",
    "push reports success and leaves the old model serving",
    "risk_model",
    16 * DAY,
    24 * DAY,
    None,
    (90.0, -40.0, 0.0, 0.0),
)
UNNOTICED = replace(UNIT_CHANGE, noticed={})
TOO_LATE = replace(UNIT_CHANGE, noticed={"PredictionDrift": 5 * DAY + 3 * HOUR})


def write(
    folder: Path,
    faults: tuple[Broken, ...] = (UNIT_CHANGE,),
    *,
    twin: bool = True,
    monitored: bool = True,
    rules: tuple[tuple[str, str, int], ...] = RULES,
    priced: bool = True,
    start: str | None = "2020-11-02T00:00:00Z",
    days: int = 28,
) -> Path:
    """Writes a run folder (without parquet files, which no report reads) and returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    outcomes = _outcomes(faults, twin=twin, priced=priced, days=days)
    rules = rules if monitored else ()
    alerts = _alerts(faults, rules, twin=twin, start=start, days=days)
    summary = {
        "scenario": _scenario(start, days),
        "monitoring": _monitoring(len(rules)) if monitored else None,
        "requests": {
            "total": 129_600 * days,
            "ok": 129_250 * days,
            "timed_out": 300 * days,
            "rejected": 0,
            "failed": 50 * days,
            "per_s": 1.5,
        },
        "faults": [_fault(fault, outcomes, twin=twin, days=days) for fault in faults],
        "together": _together(outcomes, faults, twin=twin, priced=priced),
        "outcomes": _totals(outcomes, faults, twin=twin),
        "rules": [
            {
                "rule": rule,
                "severity": severity,
                "expr": f"{rule.lower()} > 0",
                "firings_run": int(((alerts["rule"] == rule) & (alerts["world"] != "twin")).sum()),
                "firings_twin": false if twin else None,
                "first_firing_s": _first_firing(alerts, rule),
            }
            for rule, severity, false in rules
        ],
        "components": _components(days),
        "models": [_model(name, days) for name in ("cough_model", "symptom_model", "risk_model")],
        "graph": covid_graph(),
        "warnings": ["risk_model was never trained"],
    }
    run = {
        "hash": "3f9c2ab1d0e4",
        "seed": 7,
        "scenario_file": "inputs/scenario/covid_app.yaml",
        "settings": {"load.check_ups.rate": "3/s"},
        "monitoring_file": "inputs/monitoring/with_data_checks.yml" if monitored else None,
        "versions": {"mlsim": "0.1.0", "numpy": "2.3.5", "python": "3.11.2"},
        "wall_s": 4711.25,
    }
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    alerts.to_csv(folder / "alerts.csv", index=False)
    _detection(faults, rules, days).to_csv(folder / "detection.csv", index=False)
    outcomes.to_csv(folder / "outcomes.csv", index=False)
    return folder


def summary(folder: Path, *faults: Broken, **variant: Any) -> dict[str, Any]:
    """The summary of such a run."""
    content: dict[str, Any] = json.loads(
        (write(folder, faults, **variant) / "summary.json").read_text()
    )
    return content


def _scenario(start: str | None, days: int) -> dict[str, Any]:
    return {
        "name": "covid_app",
        "title": "Smartphone COVID-19 detection",
        "start": start,
        "horizon_s": days * DAY,
        "history_s": 14 * DAY,
        "seed": 7,
        "hash": "3f9c2ab1d0e4",
        "file": "scenarios/covid_app.yaml",
    }


def _monitoring(rules: int) -> dict[str, Any]:
    return {
        "file": "scenarios/monitoring/with_data_checks.yml",
        "scrape_interval_s": 30.0,
        "evaluation_interval_s": 60.0,
        "rules": rules,
        "checks": 3,
        "series": 187,
        "samples": 15_079_680,
        "pages": 1,
        "tickets": 5,
    }


def _worlds(faults: tuple[Broken, ...]) -> dict[str, tuple[Broken, ...]]:
    alone = {fault.name: (fault,) for fault in faults}
    return alone if len(faults) == 1 else {"all": faults, **alone}


def _force(fault: Broken, days: int) -> np.ndarray:
    """Share of each day that a fault is in force, its ramp counted."""
    hours = (np.arange(days * 24) + 0.5) * HOUR
    grown = np.clip((hours - fault.at_s) / (fault.ramp_s or 1.0), 0, 1)
    on = grown * (hours < (fault.until_s or np.inf))
    return on.reshape(days, 24).mean(axis=1)


def _outcomes(faults, *, twin, priced, days) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    rows = []
    normal = {
        outcome: np.round(rng.normal(level, level * 0.05, days) * np.linspace(0.8, 1.6, days), 1)
        for outcome, _, _, _, level in OUTCOMES
    }
    for world, active in _worlds(faults).items():
        for index, (outcome, title, unit, cost, _) in enumerate(OUTCOMES):
            damage = sum(
                (_force(fault, days) * fault.daily[index] for fault in active), np.zeros(days)
            )
            for day in range(days):
                base, difference = normal[outcome][day], round(float(damage[day]))
                rows.append(
                    {
                        "world": world,
                        "outcome": outcome,
                        "title": title,
                        "unit": unit,
                        "day": day,
                        "run": base + difference,
                        "twin": base if twin else None,
                        "difference": difference if twin else None,
                        "cost": difference * cost * priced if twin else None,
                        "currency": "EUR" if priced else "",
                    }
                )
    if not faults:
        rows = [
            {
                "world": "all",
                "outcome": outcome,
                "title": title,
                "unit": unit,
                "day": day,
                "run": normal[outcome][day],
                "twin": normal[outcome][day],
                "difference": 0,
                "cost": 0,
                "currency": "EUR",
            }
            for outcome, title, unit, _, _ in OUTCOMES
            for day in range(days)
        ]
    return pd.DataFrame(rows)


def _before_alert(rows: pd.DataFrame, firing_s: float | None) -> float:
    if firing_s is None:
        return float(rows["cost"].sum())
    share = np.clip(firing_s / DAY - rows["day"], 0, 1)
    return float((rows["cost"] * share).sum())


def _fault(fault: Broken, outcomes: pd.DataFrame, *, twin: bool, days: int) -> dict[str, Any]:
    began = fault.at_s < days * DAY
    first = min(fault.noticed, key=fault.noticed.__getitem__, default=None)
    firing = fault.at_s + fault.noticed[first] if first and twin and began else None
    damage = []
    for outcome, title, unit, _, _ in OUTCOMES:
        rows = outcomes[(outcomes["world"] == fault.name) & (outcomes["outcome"] == outcome)]
        if twin:
            before = _before_alert(rows, firing)
            cost = float(rows["cost"].sum())
        damage.append(
            {
                "outcome": outcome,
                "title": title,
                "unit": unit,
                "run": float(rows["run"].sum()),
                "twin": float(rows["twin"].sum()) if twin else None,
                "difference": float(rows["difference"].sum()) if twin else None,
                "cost": cost if twin else None,
                "cost_before_alert": before if twin else None,
                "cost_after_alert": cost - before if twin else None,
            }
        )
    detected = None
    if firing is not None:
        detected = {
            "rule": first,
            "severity": SEVERITIES[first],
            "labels": '{column="temperature"}',
            "firing_s": firing,
            "time_to_detect_s": firing - fault.at_s,
        }
    total = sum(row["cost"] for row in damage) if twin else None
    before = sum(row["cost_before_alert"] for row in damage) if twin else None
    return {
        "name": fault.name,
        "kind": fault.name,
        "title": fault.title,
        "components": [fault.component],
        "at_s": fault.at_s,
        "until_s": fault.until_s,
        "ramp_s": fault.ramp_s,
        "began": began,
        "detected": detected,
        "damage": damage,
        "radius": _radius(fault),
        "cost": {
            "total": total,
            "before_alert": before,
            "after_alert": total - before if twin else None,
            "currency": "EUR",
        },
    }


SPOILT = ("symptom_model", "risk_model", "advice")


def _radius(fault: Broken) -> dict[str, Any]:
    """What the phone sends wrongly spoils what is trained; a fault elsewhere touches no row."""
    shares = (("phone", 0.15), ("features", 0.15), *((n, 0.6) for n in SPOILT))
    rows = {name: round(3_628_800 * s) for name, s in shares if fault.component == "phone"}
    span = {"first_s": fault.at_s, "last_s": 27 * DAY}
    after = 1_600_000 if rows else 0
    return {
        "rows": max(rows.values(), default=0),
        "after_repair": after,
        **span,
        "people": 398_867 if rows else 0,
        "days": 19 if rows else 0,
        "components": [
            {"name": name, "rows": count, "after_repair": after, **span}
            for name, count in rows.items()
        ],
        "models": [
            {"name": name, "version": 12 + n, "touched_rows": 9, "rows": 40_000, "trained_at_s": 0}
            for name in ("symptom_model", "risk_model")
            for n in range(5 * bool(rows))
        ],
    }


def _together(outcomes, faults, *, twin: bool, priced: bool) -> dict[str, Any] | None:
    """Made-up faults add up, but for a tenth of the outcome that they have most of."""
    if not twin or len(faults) < 2:
        return None
    damage = []
    for outcome, title, unit, price, _ in OUTCOMES:
        rows = outcomes[(outcomes["world"] == "all") & (outcomes["outcome"] == outcome)]
        together = float(rows["difference"].sum())
        beyond = round(-together / 10)
        damage.append(
            {
                "outcome": outcome,
                "title": title,
                "unit": unit,
                "together": together,
                "sum_of_alone": together - beyond,
                "beyond": beyond,
                "cost_beyond": beyond * price if priced else None,
            }
        )
    cost = sum(row["cost_beyond"] for row in damage) if priced else None
    return {"damage": damage, "cost_beyond": cost, "currency": "EUR"}


def _model(name: str, days: int) -> dict[str, Any]:
    """One version for the cough, one a night for the others; pushes after day 16 get lost."""
    nights = 1 if name == "cough_model" else days
    reported = [{"at_s": n * DAY, "version": n + 1} for n in range(nights)]
    return {
        "name": name,
        "version": min(nights, 17),
        "trained_at_s": min(nights - 1, 16) * DAY,
        "trained_on_rows": 40_000,
        "trained_on_positives": 8_000,
        "versions": [
            {
                "version": n + 1,
                "trained_at_s": n * DAY,
                "rows": 40_000,
                "touched_rows": 9 * (11 <= n < 16),
                "passed": n != 13,
                "quality": {"auc": round(0.98 - 0.01 * max(n - 10, 0), 3), "recall": 0.7},
            }
            for n in range(nights)
        ],
        "served": reported[:17],
        "reported": reported if nights > 1 else [],
    }


def _totals(outcomes: pd.DataFrame, faults, *, twin: bool) -> list[dict[str, Any]]:
    world = next(iter(_worlds(faults)), "all")
    totals = []
    for outcome, title, unit, price, _ in OUTCOMES:
        rows = outcomes[(outcomes["world"] == world) & (outcomes["outcome"] == outcome)]
        run, base = float(rows["run"].sum()), float(rows["twin"].sum())
        currency = rows["currency"].iloc[0] or None
        priced = price if currency else 0.0
        totals.append(
            {
                "outcome": outcome,
                "title": title,
                "unit": unit,
                "run": run,
                "twin": base if twin else None,
                "difference": float(rows["difference"].sum()) if twin else None,
                "cost_run": run * priced,
                "cost_twin": base * priced if twin else None,
                "cost_difference": float(rows["cost"].sum()) if twin else None,
                "currency": currency,
            }
        )
    return totals


def _alert(world, rule, severity, firing_s, resolved_s, start, attributable) -> dict[str, Any]:
    utc = pd.Timestamp(start) + pd.Timedelta(seconds=firing_s) if start else None
    return {
        "world": world,
        "fault": "",
        "rule": rule,
        "severity": severity,
        "labels": '{column="temperature"}',
        "pending_s": firing_s - 600,
        "firing_s": firing_s,
        "resolved_s": resolved_s,
        "firing_utc": utc.isoformat() if utc is not None else "",
        "summary": f"{rule} on temperature",
        "attributable": attributable,
    }


def _alerts(faults, rules, *, twin, start, days) -> pd.DataFrame:
    severities = {rule: severity for rule, severity, _ in rules}
    rows = []
    for world, active in {**_worlds(faults), **({"twin": ()} if twin else {})}.items():
        for rule, severity, false in rules:
            rows += [
                _alert(
                    world, rule, severity, (3 + 2 * n) * DAY, (3 + 2 * n) * DAY + HOUR, start, False
                )
                for n in range(false)
                if (3 + 2 * n) < days
            ]
        # With several faults an alert counts in its fault's own world only.
        counts = world != "all" or len(faults) == 1
        for fault in active:
            end = None if fault.until_s is None else fault.until_s + 2 * HOUR
            rows += [
                _alert(
                    world, rule, severities[rule], fault.at_s + after, end, start, twin and counts
                )
                for rule, after in fault.noticed.items()
                if rule in severities and fault.at_s + after < days * DAY
            ]
    return pd.DataFrame(rows, columns=list(_alert("", "", "", 0.0, 0.0, None, False)))


def _first_firing(alerts: pd.DataFrame, rule: str) -> float | None:
    own = alerts[(alerts["rule"] == rule) & (alerts["world"] != "twin")]
    return None if own.empty else float(own["firing_s"].min())


def _detection(faults, rules, days: int) -> pd.DataFrame:
    columns = ["fault", "rule", "severity", "detected", "onset_s", "firing_s", "time_to_detect_s"]
    rows = []
    for fault in faults:
        for rule, severity, false in rules:
            after = fault.noticed.get(rule)
            firing = None if after is None else fault.at_s + after
            head = (fault.name, rule, severity, after is not None, fault.at_s, firing, after)
            rows.append((*head, false, round(false / days, 4)))
    return pd.DataFrame(rows, columns=[*columns, "false_alarms", "false_alarms_per_day"])


def _components(days: int) -> list[dict[str, Any]]:
    requests = 129_600 * days
    rows = (
        ("phone", "client", None, 0.081, 0.072, 0.162, 0.31),
        ("gateway", "server", 0.41, 0.0064, 0.0058, 0.0121, 0.0192),
        ("features", "transform", 0.18, 0.0041, 0.004, 0.0062, 0.0081),
        ("cough_model", "model", 0.77, 0.0412, 0.0384, 0.0874, 0.131),
        ("symptom_model", "model", 0.31, 0.0122, 0.0119, 0.0201, 0.0288),
        ("risk_model", "model", 0.22, 0.009, 0.0088, 0.0142, 0.0195),
        ("advice", "policy", 0.05, 0.001, 0.001, 0.0015, 0.0021),
        ("telemetry", "collector", 0.09, 0.0021, 0.002, 0.0031, 0.0042),
    )
    return [
        {
            "name": name,
            "kind": kind,
            "requests": requests,
            **(
                {"ended": {"ok": requests, "failed": 0}, "attempts": requests}
                if kind == "client"
                else {}
            ),
            "rejected": 0,
            "lost": 50 * days if name == "telemetry" else 0,
            "utilisation": used,
            "mean_s": mean,
            "p50_s": p50,
            "p95_s": p95,
            "p99_s": p99,
        }
        for name, kind, used, mean, p50, p95, p99 in rows
    ]


def covid_graph() -> dict[str, Any]:
    """The COVID app as summary.json tells it."""
    edges = (
        ("phone", "gateway", None),
        ("gateway", "features", None),
        ("features", "cough_model", None),
        ("features", "symptom_model", None),
        ("cough_model", "risk_model", None),
        ("symptom_model", "risk_model", None),
        ("risk_model", "advice", None),
        ("advice", "phone", None),
        ("advice", "telemetry", None),
        ("telemetry", "nightly", "risk_model"),
        ("pcr_results", "nightly", "risk_model"),
        ("nightly", "rollout", "risk_model"),
        ("rollout", "risk_model", "risk_model"),
    )
    chosen = {"cough_model": "if coughs > 3 and not smoker", "symptom_model": "else"}
    learning = {"pcr_results": "feedback", "nightly": "trainer", "rollout": "deployer"}
    kinds = {row["name"]: row["kind"] for row in _components(1)} | learning
    relays = {"gateway", "telemetry", *learning}
    return {
        "nodes": [
            {"name": name, "kind": kind, "computes": name not in relays}
            for name, kind in kinds.items()
        ],
        "edges": [
            {
                "from": a,
                "to": b,
                "aside": b == "telemetry" or model is not None,
                "model": model,
                "when": chosen.get(b),
            }
            for a, b, model in edges
        ],
    }
