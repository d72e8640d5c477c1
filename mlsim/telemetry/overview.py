"""One line per component and per model: what a run looked like from day 0 to the horizon."""

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from mlsim.system.base import Deployed
from mlsim.system.learning import ModelVersion
from mlsim.system.simulation import System
from mlsim.telemetry.overload import Overload, worst
from mlsim.telemetry.recorder import Recorder


def components(system: System, recorder: Recorder) -> pd.DataFrame:
    """name, kind, requests, rejected, lost, utilisation (share of the workers' time, NaN if they
    are unlimited), mean_s, p50_s, p95_s and p99_s (sojourn time of those whose service began;
    quantiles to 0.5%); overloads (how often more came than could be served; of the worst: demand,
    as a multiple of what could be served, overload_from_s, overload_until_s, NaN where it lasts to
    the end).
    """
    tally, live = recorder.visits, recorder.times > 0
    rows = []
    for i, name in enumerate(tally.names):
        became = {
            outcome: int(tally.counts[i * len(tally.outcomes) + k, live].sum())
            for k, outcome in enumerate(tally.outcomes)
        }
        quantiles = {f"p{p}_s": recorder.sojourns.quantile(i, p / 100) for p in (50, 95, 99)}
        rows.append(
            {
                "name": name,
                "kind": system[name].spec.kind,
                "requests": sum(became.values()),
                "rejected": became["rejected"],
                "lost": became["lost"],
                "utilisation": _utilisation(recorder.work.since_day_0[i], recorder.capacity(name)),
                "mean_s": recorder.sojourns.mean(i),
                **quantiles,
                **_overload(recorder.overloads(name)),
            }
        )
    return pd.DataFrame(rows)


def models(system: System) -> pd.DataFrame:
    """Every model at the end of the run, and how it got there; times in seconds.

    name, version in force, trained_at_s, trained_on_rows, trained_on_positives; versions: of each
    that was trained version, trained_at_s, rows, touched_rows, passed and quality on the holdout;
    served, reported: at_s and version of each change, as the model knows it and as its deployer
    told (nothing is told where there is no deployer).
    """
    rows = [_model(system, d) for d in system.values() if d.spec.has_versions]
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else ["name", "version"])


def states(system: System) -> pd.DataFrame:
    """The states of the world that are numbers: state, time_s (from when on), value; by time."""
    rows = [
        (name, max(time, -system.scenario.history), value)
        for name, state in system.world.states.items()
        if not system.scenario.world.state[name].is_text
        for time, value in zip(state.times, state.values, strict=True)
    ]
    return pd.DataFrame(rows, columns=["state", "time_s", "value"])


def _model(system: System, model: Deployed) -> dict[str, Any]:
    now = model.current
    served = [(time, model.settings[number].number) for time, number in model.history]
    return {
        "name": model.name,
        "version": now.number,
        "trained_at_s": now.trained_at,
        "trained_on_rows": now.rows,
        "trained_on_positives": now.positives,
        "versions": [_version(version) for version in system.registry.versions(model.name)],
        "served": _changes(served),
        "reported": _changes(system.registry.deployed[model.name]),
    }


def _version(version: ModelVersion) -> dict[str, Any]:
    return {
        "version": version.number,
        "trained_at_s": float(version.trained_at),
        "rows": int(version.rows),
        "touched_rows": int(version.touched_rows),
        "passed": bool(version.passed),
        "quality": {measure: float(value) for measure, value in version.quality.items()},
    }


def _changes(history: Iterable[tuple[float, int]]) -> list[dict[str, Any]]:
    """The entries in which the version is another than before.

    >>> [change["at_s"] for change in _changes([(0.0, 1), (5.0, 1), (9.0, 2)])]
    [0.0, 9.0]
    """
    changes: list[dict[str, Any]] = []
    for time, version in history:
        if not changes or changes[-1]["version"] != version:
            changes.append({"at_s": float(time), "version": version})
    return changes


def warnings(system: System) -> tuple[str, ...]:
    """What somebody who looks at the results should know first."""
    return tuple(
        warning for name, one in system.items() for warning in one.spec.warnings(system, name)
    )


def _overload(found: list[Overload]) -> dict[str, float]:
    one = worst(found)
    return {
        "overloads": len(found),
        "demand": one.demand if one else math.nan,
        "overload_from_s": one.start if one else math.nan,
        "overload_until_s": one.end if one and one.end < math.inf else math.nan,
    }


def _utilisation(worked: float, capacity: float) -> float:
    return worked / capacity if 0 < capacity < math.inf else math.nan
