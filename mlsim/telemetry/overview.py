"""One line per component and per model: what a run looked like from day 0 to the horizon."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlsim.engine.network import Station, Visits
from mlsim.system.base import Deployed
from mlsim.system.learning import ModelVersion
from mlsim.system.simulation import System
from mlsim.telemetry.overload import Overload, worst
from mlsim.telemetry.recorder import VISIT_OUTCOMES, Recorder
from mlsim.telemetry.work import room

MANY = 0.01
"""Share of requests above which those that are under way at the end are worth a word."""


def components(system: System, recorder: Recorder) -> list[dict[str, Any]]:
    """A row for each client, then one for each component that requests pass through.

    name, kind, requests (to a component: visits), ended (how many how); mean_s, p50_s, p95_s and
    p99_s: time until the answer, or sojourn time of those whose service began (quantiles to 0.5%).
    Of clients: attempts, and hedges among them; unended, requests that have come and not ended;
    opened, how often a circuit breaker did; unsent, denied and denied_by: requests of which it let
    nothing through, unanswered ones that it or a retry budget kept from being tried again. Of
    caches: misses, hits. Of components: rejected, lost, utilisation (share of the workers' time,
    None if they are unlimited), overloads (how often more came than could be served; of the worst:
    demand, as a multiple of what could be served, None where nothing could; overload_from_s,
    overload_until_s, None where it lasts to the end); room: whom a replica can serve at once, None
    if that is everybody; own_queues: whether each of its replicas has a queue; replicas: of each,
    if there are several, replica, requests, utilisation, service_s (a worker's time for one);
    priorities: of each, if there are any, priority and what is told of all.
    """
    clients = [
        _client(system, recorder, name)
        for name in recorder.requests.names
        if system[name].spec.starts_requests
    ]
    under_way = system.network.under_way()
    worked = zip(recorder.visits.names, recorder.worked(under_way), strict=True)
    return [*clients, *(_station(system, recorder, *one, under_way) for one in worked)]


def _client(system: System, recorder: Recorder, name: str) -> dict[str, Any]:
    i, live = recorder.requests.names.index(name), recorder.live
    ended, spec = recorder.requests.ended(i, live), system[name].spec
    return {
        "name": name,
        "kind": spec.kind,
        "requests": sum(ended.values()),
        "ended": ended,
        "attempts": int(recorder.attempts[i, live].sum()),
        "unended": recorder.unended(name),
        "opened": system.network.opened(name) if getattr(spec, "breaker", None) else None,
        **recorder.restraint.figures(i, live),
        **recorder.answers.figures(i),
    }


def _station(
    system: System, recorder: Recorder, name: str, worked: NDArray[np.float64], under_way: Visits
) -> dict[str, Any]:
    i, live = recorder.visits.names.index(name), recorder.live
    ended = recorder.visits.ended(i, live)
    can = recorder.capacities(name)
    found = recorder.found[name][:, live].sum(axis=1).tolist() if name in recorder.found else ()
    urgent, place = recorder.priorities.get(name), system[name].spec.station(name)
    assert isinstance(place, Station), "clients have rows of their own"
    return {
        "name": name,
        "kind": system[name].spec.kind,
        "requests": sum(ended.values()),
        "ended": ended,
        "rejected": ended["rejected"],
        "lost": ended["lost"],
        "utilisation": _utilisation(worked.sum(), can.sum()),
        **recorder.sojourns.figures(i),
        **dict(zip(("misses", "hits"), found, strict=False)),
        "room": None if math.isinf(at_once := room(place)) else int(at_once),
        "own_queues": can.size > 1 and place.balancing is not None,
        "replicas": _replicas(recorder, i, worked, can) if can.size > 1 else [],
        "priorities": urgent.rows(VISIT_OUTCOMES) if urgent else [],
        **_overload(recorder.overloads(name, under_way)),
    }


def _replicas(
    recorder: Recorder, station: int, worked: NDArray[np.float64], can: NDArray[np.float64]
) -> list[dict[str, Any]]:
    work = recorder.work
    work.make_room(can.size)
    return [
        {
            "replica": replica,
            "requests": int(visits),
            "utilisation": _utilisation(worked[replica] if replica < worked.size else 0.0, seconds),
            "service_s": float(served / visits) if visits else None,
        }
        for replica, (visits, served, seconds) in enumerate(
            zip(work.visits[station], work.since_day_0[station], can, strict=False)
        )
    ]


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
    """What somebody who looks at the results should know first; of models before all others.

    Where a model has never been trained, no result means anything.
    """
    ranked = sorted(system.items(), key=lambda item: not item[1].spec.has_versions)
    return tuple(warning for name, one in ranked for warning in one.spec.warnings(system, name))


def unended(system: System, recorder: Recorder) -> Iterator[str]:
    """That more than a few of the requests that begin somewhere are in no outcome."""
    for i, name in enumerate(recorder.requests.names):
        still = recorder.unended(name)
        came = still + sum(recorder.requests.ended(i, recorder.live).values())
        if still > MANY * came:
            whose = f"{'of' if system[name].spec.starts_requests else 'to'} {name}"
            yield (
                f"{still:,} of {came:,} requests {whose} had not ended when the run did, and are "
                "in no outcome"
            )


def _overload(found: list[Overload]) -> dict[str, float | None]:
    one = worst(found)
    return {
        "overloads": len(found),
        "demand": one.demand if one and one.demand < math.inf else None,
        "overload_from_s": one.start if one else None,
        "overload_until_s": one.end if one and one.end < math.inf else None,
    }


def _utilisation(worked: float, capacity: float) -> float | None:
    return float(worked / capacity) if 0 < capacity < math.inf else None
