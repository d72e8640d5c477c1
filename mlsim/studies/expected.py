"""What is to be expected of a run before it starts: requests, lines that only grow, full caches,
and waits that are remembered until a long patience ends.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.columns import Formula, Rows
from mlsim.scenario.calendar import calendar_offset
from mlsim.scenario.expressions import Expression, names, random_calls
from mlsim.scenario.spec import Load, Scenario
from mlsim.system.cache import MOST, Cache
from mlsim.system.client import Client
from mlsim.system.server import Served
from mlsim.system.traits import WHOSE
from mlsim.world.trace import trace_of

_POINTS = 5_000
"""Moments, or draws, over which a mean is taken."""


def expected(scenario: Scenario, start: float) -> float:
    """How many requests come from `start` (seconds) to the horizon, on average over the seeds.

    Of a closed population at most so many: as if its requests were answered at once.
    """
    loads = list(scenario.load.items())
    first = np.array([_first(scenario, name, load, start) for name, load in loads])
    # Who goes on: first + first P + first P P ...; a population's own requests are counted above.
    ways = np.array(
        [
            [0.0 if other.population else load.then.get(name, 0.0) for name, other in loads]
            for _, load in loads
        ]
    )
    total, following = 0.0, first
    while following.sum() > 1e-3 * total:
        total += float(following.sum())
        following = following @ ways
    return total


def _first(scenario: Scenario, name: str, load: Load, start: float) -> float:
    """How many requests of a load follow on no other load."""
    if load.trace is not None:
        times = trace_of(scenario, name).times
        first, last = np.searchsorted(times, [start, scenario.horizon])
        return float(last - first)
    if load.population is not None:
        assert load.think is not None, "a population has one"
        return load.population * (scenario.horizon - start) / _mean(load.think)
    if load.rate is None:
        return 0.0
    step = (scenario.horizon - start) / _POINTS
    return float(np.sum(_rate(scenario, name, load.rate, start)) * step)


def backlogs(scenario: Scenario) -> Iterator[tuple[str, float]]:
    """(component, requests) of lines without a limit, at their longest: as a fluid would pile up.

    Chance, retries and faults come on top. A request is taken to be at each component once. Where
    a service time depends on what requests carry, nothing is said.
    """
    start = -scenario.history
    step = (scenario.horizon - start) / _POINTS
    rate = np.zeros(_POINTS)
    for name, load in scenario.load.items():
        if load.rate is not None:
            rate += _rate(scenario, name, load.rate, start)
    for name, spec in scenario.system.items():
        if not isinstance(spec, Served) or spec.workers is None or spec.service_time is None:
            continue
        is_endless = spec.queue_limit is None and spec.patience is None
        if is_endless and not names(spec.service_time):
            together = spec.batch.size if spec.batch else 1
            can = spec.workers * spec.replicas * together / max(_mean(spec.service_time), 1e-9)
            balance = np.cumsum((rate - can) * step)
            yield name, float((balance - np.minimum(np.minimum.accumulate(balance), 0.0)).max())


def entries(scenario: Scenario) -> Iterator[tuple[str, float]]:
    """(cache, answers) that caches keep at most: no more than they have room for, or are asked for.

    What has run out keeps its place until somebody looks for it, or the place is needed; so a time
    to live bounds nothing. Keys are taken to be all different, but for that of a person.
    """
    asked = expected(scenario, -scenario.history)
    for name, spec in scenario.system.items():
        if isinstance(spec, Cache):
            people = scenario.world.people if names(spec.key) == (WHOSE,) else np.inf
            yield name, min(spec.capacity or MOST, asked, people)


def patient(scenario: Scenario) -> Iterator[tuple[str, float]]:
    """(who, waits) at most at once whose patience has not ended, where each draws one of its own.

    They are remembered so long, however early the wait is over: at a client all requests, at a
    component those that find no idle worker, as many as its workers are utilised. A request is
    taken to be at each component once, and people who go on to come as evenly as others.
    """
    start = -scenario.history
    step = (scenario.horizon - start) / _POINTS
    came = {name: _came(scenario, name, load, start) for name, load in scenario.load.items()}
    everybody = np.sum(list(came.values()), axis=0)
    more = expected(scenario, start) / max(everybody.sum(), 1e-9)
    for name, spec in scenario.system.items():
        law = spec.patience if isinstance(spec, Client | Served) else None
        if law is None or not random_calls(law):
            continue
        if isinstance(spec, Served):
            waits = everybody * more * _utilised(spec, everybody * more / step)
        else:
            own = [came[n] for n, load in scenario.load.items() if load.enters == name]
            waits = more * np.sum([np.zeros(_POINTS), *own], axis=0)
        lasting = _draws(law)
        ages = step * np.arange(_POINTS)
        left = 1.0 - np.searchsorted(np.sort(lasting), ages) / lasting.size
        yield name, float(np.convolve(waits, left)[:_POINTS].max())


def _came(scenario: Scenario, name: str, load: Load, start: float) -> NDArray[np.float64]:
    """Requests of a load in each of `_POINTS` stretches from `start` to the horizon."""
    if load.rate is None:
        return np.full(_POINTS, _first(scenario, name, load, start) / _POINTS)
    return _rate(scenario, name, load.rate, start) * (scenario.horizon - start) / _POINTS


def _utilised(spec: Served, rate: NDArray[np.float64]) -> NDArray[np.float64] | float:
    """The share of its workers that are busy under a rate; all where rows decide on that."""
    if spec.workers is None or spec.service_time is None:
        return 0.0
    if names(spec.service_time):
        return 1.0
    return np.minimum(rate * _mean(spec.service_time) / (spec.workers * spec.replicas), 1.0)


def _rate(scenario: Scenario, name: str, rate: Expression, start: float) -> NDArray[np.float64]:
    """The rate of a load at `_POINTS` moments from `start` to the horizon."""
    step = (scenario.horizon - start) / _POINTS
    time = np.asarray(start + step * (np.arange(_POINTS) + 0.5), dtype=np.float64)
    formula = Formula(rate, 0, f"load/{name}/rate", calendar_offset(scenario.start))
    # Nobody knows before a run what becomes of the world's states.
    states = {name: np.array(state.start) for name, state in scenario.world.state.items()}
    return np.asarray(formula(Rows(np.zeros(_POINTS, np.int64), time, states)), dtype=float)


def _mean(law: Expression) -> float:
    """The mean of a time, in seconds: over a few draws, or the constant itself."""
    return float(_draws(law).mean())


def _draws(law: Expression) -> NDArray[np.float64]:
    """A time drawn `_POINTS` times, in seconds."""
    some = Rows(np.arange(_POINTS), np.zeros(_POINTS), {})
    drawn = np.maximum(Formula(law, 0, "expected")(some), 0.0)
    return np.broadcast_to(np.asarray(drawn, float), (_POINTS,))
