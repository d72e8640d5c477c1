"""Processor sharing: against a program that looks at every request at every event, and theory."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import simpy

from mlsim.engine.draws import (
    Distribution,
    lognormal_parameters,
    quantile,
    sample,
    stream,
    uniform_at,
)
from mlsim.engine.network import AfterCrash, Balancing, Client, Service, Station
from tests.engine.runs import Fixed, Recorded, exponential, poisson
from tests.engine.test_laws import assert_mean

CPU = Station(
    "a", workers=2, replicas=2, service=exponential(1.0), balancing=Balancing.ROUND_ROBIN,
    sharing=True,
)  # fmt: skip
CHANGES = [(10.0, 3.0, "slower"), (25.0, 0.5, "slower")]


class Shared:
    """One replica, looked at from event to event: what is left of everybody's work."""

    def __init__(self, workers: int, at_once: float) -> None:
        self.workers, self.at_once = workers, at_once
        self.left: dict[int, float] = {}
        self.waiting: list[tuple[int, float]] = []
        self.now, self.slow = 0.0, 1.0

    @property
    def pace(self) -> float:
        return min(1.0, self.workers / len(self.left)) / self.slow if self.left else 0.0

    def next_end(self) -> tuple[float, int]:
        least = min(((left, who) for who, left in self.left.items()), default=(math.inf, -1))
        return (self.now + least[0] / self.pace if self.left else math.inf), least[1]

    def pass_time(self, until: float) -> None:
        for who in self.left:
            self.left[who] -= (until - self.now) * self.pace
        self.now = until

    def come(self, who: int, work: float) -> None:
        self.waiting.append((who, work))
        self.fill()

    def fill(self) -> None:
        while self.waiting and len(self.left) < self.at_once:
            who, work = self.waiting.pop(0)
            self.left[who] = work

    def finish(self, who: int) -> None:
        del self.left[who]
        self.fill()


def ends_of(spec: Station, arrivals: Fixed) -> dict[int, float]:
    """When each request ends at replicas that get them in turn."""
    replicas = [Shared(spec.workers, spec.at_once or math.inf) for _ in range(spec.replicas)]
    came = zip(arrivals.times.tolist(), arrivals.ids.tolist(), strict=True)
    todo, ends, key = sorted([*came, *CHANGES]), {}, stream(0, "service/a")
    while todo or any(r.left for r in replicas):
        (time, who), place = min((r.next_end(), k) for k, r in enumerate(replicas))
        comes_first = todo and todo[0][0] <= time
        time, *what = todo.pop(0) if comes_first else (time, who)
        for replica in replicas:
            replica.pass_time(time)
        match what:
            case [factor, "slower"]:
                replicas[1].slow = factor
            case [who] if comes_first:
                work = quantile(1, spec.service.a, 0.0, uniform_at(key, who, 0))
                replicas[who % len(replicas)].come(who, work)
            case [who]:
                replicas[place].finish(who)
                ends[who] = time
    return ends


def slowness(env: simpy.Environment, machine: object) -> Iterator[simpy.Event]:
    for time, factor, _ in CHANGES:
        yield env.timeout(time - env.now)
        machine.set_slowness("a", 1, factor)


@pytest.mark.parametrize("rate", [1.0, 3.5, 6.0])
@pytest.mark.parametrize("at_once", [None, 3])
def test_requests_end_as_if_all_were_looked_at_all_the_time(rate, at_once):
    spec, arrivals = replace(CPU, at_once=at_once), poisson(rate, 400)
    mine = Recorded(["a"], [spec], arrivals, slots=1).run(slowness)
    ends = dict(zip(mine.visits.request.tolist(), mine.visits.end.tolist(), strict=True))
    truth = ends_of(spec, arrivals)
    assert sorted(ends) == sorted(truth)
    np.testing.assert_allclose([ends[k] for k in truth], list(truth.values()), rtol=0, atol=1e-9)


def test_what_is_shared_takes_longer_and_what_is_alone_does_not():
    """By hand: 1 s of work at 0 s, 1 s at 0.5 s, by one worker."""
    spec = replace(CPU, workers=1, replicas=1, service=Service(a=1.0))
    visits = Recorded(["a"], [spec], Fixed(np.array([0.0, 0.5, 9.0]))).run().visits
    assert visits.end.tolist() == [1.5, 2.0, 10.0]
    assert visits.start.tolist() == [0.0, 0.5, 9.0]


@pytest.mark.parametrize(
    ("after_crash", "ends"),
    [
        (AfterCrash.LOSES, [0.5, 2.0, 0.5, 2.0]),
        (AfterCrash.RETRIES, [4.0, 3.5, 4.0, 3.5]),
        (AfterCrash.RESUMES, [3.5, 3.5, 3.5, 3.5]),
    ],
)
def test_a_crash_stops_all_who_share(after_crash, ends):
    """By hand: two share each replica; at 0.5 s, when one crashes, each has a quarter done."""
    spec = replace(CPU, workers=1, service=Service(a=1.0), after_crash=after_crash)
    recorded = Recorded(["a"], [spec], Fixed(np.zeros(4)))
    recorded.network.advance(0.5)
    recorded.network.crash("a", 0)
    requests = recorded.run().requests
    assert requests.end[np.argsort(requests.request)].tolist() == ends
    assert not recorded.network._state.attempts["references"].any()


def test_who_is_cancelled_leaves_the_rest_to_the_others():
    """By hand: the first two are given up, at 1.0 s and 1.4 s; so the third is alone at last."""
    client = Client("phone", timeout=1.0, cancels=True)
    spec = replace(CPU, workers=1, replicas=1, service=Service(a=0.8))
    arrivals = Fixed(np.array([0.0, 0.4, 1.1]))
    recorded = Recorded(["phone -> a -> phone"], [spec], arrivals, client).run()
    assert recorded.visits.outcome.tolist() == [6, 6, 0]
    np.testing.assert_allclose(recorded.visits.end, [1.0, 1.4, 2.05])
    assert recorded.network.busy("a") == 0
    assert not recorded.network._state.attempts["references"].any()


@pytest.mark.parametrize("tick", [0.0, 0.037])
@pytest.mark.parametrize("sizes", [{}, {"slots": 1, "log_block": 1, "arrival_block": 2}])
def test_results_do_not_depend_on_blocks_or_ticks(tick, sizes):
    client = Client("phone", timeout=3.0, retries=2, backoff=0.1, cancels=True)
    spec = replace(CPU, at_once=8, patience=0.7, after_crash=AfterCrash.RESUMES)

    def decide(env: simpy.Environment, machine: object) -> Iterator[simpy.Event]:
        yield from slowness(env, machine)
        machine.crash("a", 0)
        yield env.timeout(2.0)
        machine.restart("a", 0)

    def run(tick: float, **sizes: int) -> bytes:
        arrivals = poisson(4.5, 600)
        recorded = Recorded(["phone -> a -> phone"], [spec], arrivals, client, **sizes)
        recorded.run(decide, tick=tick)
        assert not recorded.network._state.attempts["references"].any()
        return recorded.bytes()

    assert run(tick, **sizes) == run(0.0)


LOGNORMAL = Service(Distribution.LOGNORMAL, *lognormal_parameters(1.0, 2.0))


@pytest.mark.parametrize("service", [exponential(1.0), Service(a=1.0), LOGNORMAL])
def test_mg1_ps_depends_on_the_mean_alone(service):
    """E[T] = E[S] / (1 - rho), and E[T | S = x] = x / (1 - rho). Kleinrock 1976, ch. 4."""
    spec = replace(CPU, workers=1, replicas=1, service=service)
    visits = Recorded(["a"], [spec], poisson(0.7, 200_000)).run().visits
    order = np.argsort(visits.arrival, kind="stable")
    took = (visits.end - visits.arrival)[order]
    assert_mean(took, 1.0 / 0.3)
    law = (service.distribution, service.a, service.b)
    work = sample(stream(0, "service/a"), visits.request[order], *law)
    assert_mean(took[work < 1.01] / work[work < 1.01], 1.0 / 0.3)


def test_refuses_what_makes_no_sense():
    with pytest.raises(ValueError, match="sharing needs workers and balancing"):
        Station("a", sharing=True)
