"""Replicas with lines of their own: against a plain SimPy program, and against theory."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import simpy
from scipy.optimize import brentq

from mlsim.engine.draws import quantile, stream, uniform_at
from mlsim.engine.network import AfterCrash, Balancing, Client, Requests, Service, Station
from tests.engine.runs import Fixed, Recorded, exponential, poisson
from tests.engine.test_laws import assert_mean

POOL = Station("a", workers=2, replicas=4, service=exponential(1.0), queue_limit=3)


class Lanes:
    """Every third request is urgent, every third is not."""

    checked = ()

    def reads(self, question: object) -> tuple[str, ...]:
        return ()

    def answer(self, question: object, load: int, rows: Requests) -> np.ndarray:
        return rows.request % 3


class Pool:
    """Replicas as anybody would write them: a Resource each, and one who sends requests to them."""

    def __init__(self, spec: Station, arrivals: Fixed) -> None:
        self.spec, self.env = spec, simpy.Environment()
        self.lines = [self.line() for _ in range(spec.replicas)]
        self.here: list[dict[int, simpy.Process]] = [{} for _ in self.lines]
        self.up = [True] * spec.replicas
        self.last = -1
        self.visits: list[tuple[object, ...]] = []
        self.env.process(self.arrive(arrivals))

    def line(self) -> simpy.PriorityResource:
        return simpy.PriorityResource(self.env, self.spec.workers)

    def arrive(self, arrivals: Fixed) -> Iterator[simpy.Event]:
        for time, who in zip(arrivals.times.tolist(), arrivals.ids.tolist(), strict=True):
            yield self.env.timeout(time - self.env.now)
            self.env.process(self.visit(who))

    def load(self, replica: int) -> int:
        return self.lines[replica].count + len(self.lines[replica].queue)

    def choose(self, who: int) -> int | None:
        is_open = [r for r, up in enumerate(self.up) if up]
        if not is_open:
            return None
        luck = uniform_at(stream(0, "balancing/a"), who, 0)
        u = luck * len(is_open)
        first = is_open[int(u)]
        match self.spec.balancing:
            case Balancing.RANDOM:
                return first
            case Balancing.ROUND_ROBIN:
                later = [r for r in is_open if r > self.last]
                self.last = later[0] if later else is_open[0]
                return self.last
            case Balancing.LEAST_OUTSTANDING:
                fewest = min(map(self.load, is_open))
                alike = [r for r in is_open if self.load(r) == fewest]
                return alike[int(luck * len(alike))]
        others = [r for r in is_open if r != first]
        return min([first, *others[int((u - int(u)) * len(others)) :][:1]], key=self.load)

    def visit(self, who: int, left: float = 1.0) -> Iterator[simpy.Event]:
        replica, arrival = self.choose(who), self.env.now
        if replica is None:
            return self.log(who, -1, arrival, arrival, "rejected")
        line = self.lines[replica]
        if line.count >= line.capacity and len(line.queue) >= self.spec.queue_limit:
            return self.log(who, -1, arrival, arrival, "rejected")
        self.here[replica][who] = self.env.active_process
        start, whole = None, self.service(who) * left
        with line.request(who % 3 if self.spec.prioritised else 0) as turn:
            try:
                yield turn
                start = self.env.now
                yield self.env.timeout(whole)
            except simpy.Interrupt:
                served = start is not None
                self.log(who, replica if served else -1, arrival, start or self.env.now, "lost")
                if self.spec.after_crash is AfterCrash.RESUMES and served:
                    left *= 1.0 - (self.env.now - start) / whole
                if self.spec.after_crash is not AfterCrash.LOSES:
                    self.env.process(self.visit(who, left))
                return
        del self.here[replica][who]
        self.log(who, replica, arrival, start, "served")

    def service(self, who: int) -> float:
        u = uniform_at(stream(0, "service/a"), who, 0)
        return quantile(int(self.spec.service.distribution), self.spec.service.a, 0.0, u)

    def log(self, who: int, replica: int, arrival: float, start: float, outcome: str) -> None:
        self.visits.append((who, replica, arrival, start, self.env.now, outcome))

    def crash(self, _: str, replica: int) -> None:
        self.up[replica] = False
        lost, self.here[replica] = self.here[replica], {}
        self.lines[replica] = self.line()
        for who in sorted(lost):
            lost[who].interrupt()

    def restart(self, _: str, replica: int) -> None:
        self.up[replica] = True


def crashes(env: simpy.Environment, machine: object) -> Iterator[simpy.Event]:
    yield env.timeout(15.01)
    machine.crash("a", 1)
    yield env.timeout(1.51)
    machine.crash("a", 0)
    yield env.timeout(5.03)
    machine.restart("a", 1)
    machine.crash("a", 3)
    yield env.timeout(0.01)
    machine.crash("a", 2)
    yield env.timeout(1.07)
    machine.crash("a", 1)
    yield env.timeout(0.53)
    for replica in range(4):
        machine.restart("a", replica)


@pytest.mark.parametrize("balancing", Balancing)
@pytest.mark.parametrize("after_crash", AfterCrash)
@pytest.mark.parametrize("prioritised", [False, True])
def test_every_visit_is_that_of_a_plain_program(balancing, after_crash, prioritised):
    spec = replace(POOL, balancing=balancing, after_crash=after_crash, prioritised=prioritised)
    arrivals = poisson(7.0, 400)
    mine = Recorded(["a"], [spec], arrivals, slots=1, steering=Lanes()).run(crashes)
    pool = Pool(spec, arrivals)
    pool.env.process(crashes(pool.env, pool))
    pool.env.run()
    found = sorted((v[0], v[3], *v[5:8], v[-1]) for v in mine.visit_tuples())
    expected = sorted(pool.visits)
    # A share of a service that is left is rounded in another order there.
    assert [(v[0], v[1], v[5]) for v in found] == [(v[0], v[1], v[5]) for v in expected]
    times = np.array([v[2:5] for v in found]), np.array([v[2:5] for v in expected])
    exact = 1e-9 if after_crash is AfterCrash.RESUMES else 0.0
    np.testing.assert_allclose(*times, rtol=0, atol=exact)
    outcomes = {v[5] for v in found}
    assert outcomes == {"served", "rejected", "lost"}
    assert (3 in mine.requests.outcome) == (after_crash is AfterCrash.LOSES)
    assert not mine.network._state.attempts["references"].any()


@pytest.mark.parametrize("balancing", Balancing)
def test_results_do_not_depend_on_blocks_or_ticks(balancing):
    spec = replace(
        POOL, balancing=balancing, after_crash=AfterCrash.RETRIES, patience=1.3, prioritised=True
    )
    client = Client("phone", timeout=2.0, retries=2, backoff=0.1, cancels=True)
    flow = ["phone -> a -> phone"]

    def run(tick: float = 0.0, **sizes: int) -> bytes:
        recorded = Recorded(flow, [spec], poisson(7.0, 400), client, steering=Lanes(), **sizes)
        recorded.run(crashes, tick=tick)
        assert recorded.network.counters("a").waiting == 0
        assert not recorded.network._state.lines["waiting"].any()
        return recorded.bytes()

    whole = run()
    assert run(tick=0.37) == whole
    assert run(slots=1, log_block=1, arrival_block=3) == whole


def test_a_replica_that_is_scaled_away_serves_its_line_to_the_end():
    spec = Station("a", 1, 3, Service(a=2.0), balancing=Balancing.ROUND_ROBIN)
    recorded = Recorded(["a"], [spec], Fixed(np.array([0.0] * 6 + [1.5])))
    recorded.network.advance(1.0)
    recorded.network.scale("a", 1)
    visits = recorded.run().visits
    assert visits.replica.tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert visits.end.tolist() == [2.0, 2.0, 2.0, 4.0, 4.0, 4.0, 6.0]


def test_without_a_replica_that_is_up_requests_are_rejected_and_not_kept():
    spec = Station("a", 1, 1, Service(a=2.0), balancing=Balancing.RANDOM)
    recorded = Recorded(["a"], [spec], Fixed(np.array([0.0, 0.0, 1.0])))
    recorded.network.advance(0.5)
    recorded.network.crash("a", 0)
    assert recorded.run().visits.outcome.tolist() == [2, 2, 1]


def sojourns(spec: Station, rate: float, n: int) -> np.ndarray:
    visits = Recorded(["a"], [spec], poisson(rate, n)).run().visits
    return (visits.end - visits.arrival)[np.argsort(visits.arrival, kind="stable")]


@pytest.mark.parametrize("replicas", [2, 5])
def test_random_replicas_are_mm1_each(replicas):
    """A random part of a Poisson stream is one: W = 1 / (mu - lambda). Kleinrock 1975, ch. 3."""
    spec = Station("a", 1, replicas, exponential(1.0), balancing=Balancing.RANDOM)
    assert_mean(sojourns(spec, 0.7 * replicas, 200_000), 1 / (1 - 0.7))


@pytest.mark.parametrize("replicas", [2, 5])
def test_round_robin_replicas_are_gm1_each(replicas):
    """Every n-th arrival: Erlang gaps. W = 1 / (1 - sigma), sigma = A*(1 - sigma). Kleinrock, 6."""
    rate = 0.8 * replicas
    sigma = brentq(lambda s: (rate / (rate + 1 - s)) ** replicas - s, 0.0, 1 - 1e-9)
    spec = Station("a", 1, replicas, exponential(1.0), balancing=Balancing.ROUND_ROBIN)
    assert_mean(sojourns(spec, rate, 200_000), 1 / (1 - sigma))


@pytest.mark.parametrize("load", [0.7, 0.9])
def test_two_choices_wait_as_the_supermarket_model_says(load):
    """Mitzenmacher 2001: for many servers, T = sum of load**(2**i - 2) over i >= 1."""
    expected = sum(load ** (2**i - 2) for i in range(1, 20))
    spec = Station("a", 1, 300, exponential(1.0), balancing=Balancing.POWER_OF_TWO)
    took = sojourns(spec, 300 * load, 300_000)
    # With 300 servers it is some 0.3% off the limit.
    assert took[60_000:].mean() == pytest.approx(expected, rel=0.015)


def test_fewest_outstanding_waits_between_one_line_and_two_choices():
    one, fewest, two = (
        sojourns(Station("a", 1, 10, exponential(1.0), balancing=how), 9.0, 100_000).mean()
        for how in (None, Balancing.LEAST_OUTSTANDING, Balancing.POWER_OF_TWO)
    )
    assert one < fewest < two
