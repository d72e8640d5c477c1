"""Caches, against the plain program: who finds what, under which settings, after what befell it."""

from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import simpy

from mlsim.engine.caching import HIT, MISS, NO_KEY
from mlsim.engine.network import Cache, Client, Network, Requests, Service, Station
from mlsim.engine.routes import Question
from tests.engine.oracle import Oracle
from tests.engine.runs import Decider, Fixed, Recorded, exponential, poisson

KEYS = 9


class Keys:
    """One of a few keys, or none, by who one is and what one met at `door`."""

    checked = frozenset[str]()

    def reads(self, question: Question) -> list[str]:
        return ["door"]

    def answer(self, question: Question, load: int, rows: Requests) -> np.ndarray:
        mixed = (rows.request * 2654435761 >> 7) + rows.stamps[:, 0]
        return np.where(mixed % 11 == 0, NO_KEY, mixed % KEYS << 40)


class ByName(Keys):
    """The key is who one is: the ids of the arrivals repeat in no order of their own."""

    def reads(self, question: Question) -> list[str]:
        return []

    def answer(self, question: Question, load: int, rows: Requests) -> np.ndarray:
        return rows.request % 1000


STATIONS = [
    Station("door", workers=2, replicas=2, optional=True, service=exponential(0.1)),
    Station("cache", service=exponential(0.02), cache=Cache(ttl=2.0, capacity=6)),
    Station("db", workers=3, service=exponential(0.2)),
    Station("other", service=exponential(0.1), cache=Cache(capacity=3)),
]
CLIENTS = {
    "patient": Client("phone"),
    "nervous": Client("phone", timeout=0.8, retries=2, backoff=0.1, cancels=True),
    "hurried": Client("phone", timeout=0.8, retries=2, deadline=True),
}
FLOWS = [
    "door -> cache(db)",
    "door -> cache(db -> db) -> other(db)",
    "door -> cache(other(db))",
    "door -> [cache(db), other(db)]",
    "any of [door -> cache(db), db] cancel rest",
]


def both(
    flow: str,
    stations: list[Station] = STATIONS,
    client: Client | None = None,
    deciders: tuple[Decider, ...] = (),
    **more: object,
) -> Recorded:
    """The run, after every visit and every end of a request was that of the plain program."""
    arrivals, flows = poisson(8.0, 400), [f"phone -> {flow} -> phone"]
    more = {"client": client or CLIENTS["patient"], "steering": Keys(), "slots": 1, **more}
    mine, truth = (
        Recorded(flows, stations, arrivals, engine=engine, **more).run(*deciders)
        for engine in (Network, Oracle)
    )
    assert mine.visit_tuples() == truth.visit_tuples()
    assert mine.row_tuples() == truth.row_tuples()
    return mine


def trouble(env: simpy.Environment, machine: object) -> Iterator[simpy.Event]:
    """New settings behind the cache, and restarts of it, with visits in the middle."""
    for number in range(1, 12):
        yield env.timeout(2.3)
        machine.set_settings("db", number)
        machine.set_settings("door", number % 3)
        if number % 3 == 0:
            machine.crash("cache", 0)
            yield env.timeout(0.7)
            machine.restart("cache", 0)


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
@pytest.mark.parametrize("flow", FLOWS)
def test_each_visit_is_that_of_the_plain_program(flow: str, client: Client):
    run = both(flow, client=client, deciders=(trouble,))
    found = run.visits.settings[run.visits.station == 1]
    assert np.all(np.bincount(found + 1)[1:][[MISS, HIT]] > 20)


@pytest.mark.parametrize("flow", FLOWS[:3])
def test_what_fails_is_asked_for_again(flow: str):
    """Gaps, failures, callers that have given up."""
    door, cache, db, other = STATIONS
    frail = [
        replace(door, timeout=0.2),
        replace(cache, error_rate=0.1, timeout=0.5),
        replace(db, error_rate=0.3, queue_limit=1, timeout=0.4),
        replace(other, optional=True),
    ]
    run = both(flow, frail, deciders=(trouble,))
    assert len(set(run.visits.outcome.tolist())) > 3


@pytest.mark.parametrize("sizes", [{"log_block": 3}, {"slots": 2}, {"arrival_block": 2}])
def test_blocks_and_idle_ticks_never_matter(sizes: dict[str, int]):
    def run(tick: float = 0.0, **sizes: int) -> bytes:
        flow, arrivals = ["phone -> door -> cache(db) -> phone"], poisson(8.0, 200)
        network = Recorded(flow, STATIONS, arrivals, CLIENTS["nervous"], steering=Keys(), **sizes)
        return network.run(trouble, tick=tick).bytes()

    assert run(tick=0.31, **sizes) == run()


def sequence(n: int, seed: int) -> Fixed:
    """Arrivals, one a second, whose ids modulo 1000 are keys of a Zipf law."""
    rng = np.random.default_rng(seed)
    keys = np.minimum(rng.zipf(1.3, n), 999)
    arrivals = Fixed(np.arange(1.0, n + 1))
    arrivals.ids = 1000 * np.arange(n) + keys
    return arrivals


@pytest.mark.parametrize("capacity", [1, 7, 100, 5000])
@pytest.mark.parametrize("ttl", [np.inf, 40.5])
def test_least_recently_used_goes_as_from_an_ordered_dict(capacity: int, ttl: float):
    arrivals = sequence(5000, capacity)
    stations = [Station("cache", cache=Cache(ttl, capacity)), Station("db")]
    run = Recorded(["cache(db)"], stations, arrivals, steering=ByName()).run()
    kept: OrderedDict[int, float] = OrderedDict()
    truth = []
    for now, key in zip(arrivals.times.tolist(), (arrivals.ids % 1000).tolist(), strict=True):
        is_fresh = key in kept and now - kept[key] < ttl
        if key in kept and not is_fresh:
            del kept[key]
        truth.append(HIT if is_fresh else MISS)
        kept[key] = kept[key] if is_fresh else now
        kept.move_to_end(key)
        while len(kept) > capacity:
            kept.popitem(last=False)
    assert run.visits.settings[run.visits.station == 0].tolist() == truth
    assert len(set(truth)) == 2


def test_all_who_miss_while_a_call_is_under_way_call_too():
    """A stampede: nobody waits for another's answer; the last that comes is kept."""
    arrivals = Fixed(np.array([1.0, 1.1, 1.2, 2.15, 3.05, 3.25]))
    arrivals.ids = 1000 * np.arange(6)
    stations = [Station("cache", cache=Cache(ttl=1.0)), Station("db", service=Service(a=1.0))]
    run = Recorded(["cache(db)"], stations, arrivals, steering=ByName()).run()
    found = dict(zip(run.visits.request.tolist(), run.visits.settings.tolist(), strict=True))
    # Kept from 2.0, 2.1 and, the last time, 2.2: until 3.2.
    assert [found[who] for who in arrivals.ids.tolist()] == [MISS] * 3 + [HIT] * 2 + [MISS]


def test_an_answer_for_whom_nobody_waits_any_more_is_kept():
    arrivals = Fixed(np.array([1.0, 3.0]))
    arrivals.ids = np.array([0, 1000])
    stations = [Station("cache", cache=Cache()), Station("db", service=Service(a=1.0))]
    flow = ["phone -> cache(db) -> phone"]
    client = Client("phone", timeout=0.5)
    run = Recorded(flow, stations, arrivals, client, steering=ByName()).run()
    assert run.requests.outcome.tolist() == [1, 0]


def test_a_cache_needs_room_and_time():
    for wrong in ({"capacity": 0}, {"ttl": 0.0}):
        with pytest.raises(ValueError, match="needs ttl > 0 and capacity >= 1"):
            Cache(**wrong)


def test_nobody_counts_twice():
    """Who misses visits what is behind the cache once, who hits never."""
    run = both("door -> cache(db)")
    visits = run.visits
    behind = Counter(visits.request[visits.station == 2].tolist())
    missed = visits.request[(visits.station == 1) & (visits.settings == MISS)]
    assert behind == Counter(missed.tolist())
