"""Joins of some branches, and workers that wait for what they call, against plain SimPy."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsim.engine.network import Balancing, Client, Service, Station
from mlsim.engine.parts import AfterCrash
from tests.engine.runs import Fixed, Recorded, exponential, poisson
from tests.engine.test_oracle import assert_same, repairs

A = Station("a", workers=2, replicas=2, service=exponential(0.2))
STATIONS = [A, *(Station(name, workers=2, service=exponential(0.3)) for name in "bcd")]
PATIENT = Client("phone")
NERVOUS = Client("phone", timeout=0.8, retries=2, backoff=0.1)
CANCELS = replace(NERVOUS, cancels=True)
HURRIED = replace(NERVOUS, deadline=True)
SOME = [
    "any of [b, c]",
    "any of [b, c] cancel rest",
    "2 of [b, c, d -> b] cancel rest",
    "any of [b -> c, 2 of [c, d, b] cancel rest] cancel rest -> d",
    "[any of [b, c] cancel rest, d]",
    "any of [[b, c], d]",
    "any of [b, b] cancel rest",
]
HELD = ["a(b)", "a(b -> c) -> d", "a(b(c)) -> d", "a([b, c])", "a(any of [b, c] cancel rest)"]
CLIENTS = {"patient": PATIENT, "nervous": NERVOUS, "cancels": CANCELS, "hurried": HURRIED}


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
@pytest.mark.parametrize("flow", [*SOME, *HELD])
def test_each_visit_is_that_of_the_plain_program(flow: str, client: Client):
    assert_same([f"phone -> a -> {flow} -> phone"], STATIONS, client, rate=4.0, n=200)


@pytest.mark.parametrize("flow", [SOME[3], *HELD])
def test_crashes_in_the_middle(flow: str):
    deciders = (repairs,)
    assert_same([f"phone -> {flow} -> phone"], STATIONS, CANCELS, deciders, rate=4.0, n=200)


@pytest.mark.parametrize("again", [AfterCrash.RETRIES, AfterCrash.RESUMES])
@pytest.mark.parametrize("flow", ["a -> b([a, c]) -> c", "a -> b(c -> b([c, a]))", "b(a)"])
def test_who_is_called_anew_after_a_crash_is_called_twice(flow: str, again: AfterCrash):
    """What the worker that has crashed has called is under way still, at the same places."""

    def crashes(env: simpy.Environment, machine: object) -> Iterator[simpy.Event]:
        for replica in (0, 1, 0, 1):
            yield env.timeout(0.25)
            machine.crash("b", replica)
            machine.restart("b", 1 - replica)

    stations = [
        Station("a", 1, service=exponential(0.3)),
        Station("b", replicas=2, after_crash=again, service=Service(a=0.25)),
        Station("c", service=Service(a=0.5)),
    ]
    arrivals = Fixed(np.zeros(3))
    flow = f"phone -> {flow} -> phone"
    mine = assert_same([flow], stations, NERVOUS, (crashes,), arrivals=arrivals)
    at = mine.visits.station == 0
    luck = mine.visits.end[at] - mine.visits.start[at]
    assert np.unique(luck.round(9)).size == luck.size


@pytest.mark.parametrize("flow", [*SOME[:4], *HELD])
@pytest.mark.parametrize("client", [PATIENT, CANCELS], ids=["patient", "cancels"])
def test_branches_that_fail_leave_gaps_or_fail_the_rest(flow: str, client: Client):
    gate = replace(A, optional=True, timeout=0.5)
    frail = [replace(one, error_rate=0.3, queue_limit=1, patience=0.2) for one in STATIONS[1:]]
    flow = f"phone -> {flow} -> phone"
    mine = assert_same([flow], [gate, *frail], client, rate=6.0, n=300)
    assert len(set(mine.visits.outcome.tolist())) > 3


def test_a_probe_that_is_called_off_with_its_branches_is_followed_by_another():
    """A breaker that waits for the end of a probe lets nobody pass."""
    client = Client("phone", patience=0.5, trips_at=1, open_for=0.5, cancels=True)
    frail = [replace(one, error_rate=0.5) for one in STATIONS[1:]]
    flow = "phone -> any of [b, c -> d] -> phone"
    mine = assert_same([flow], frail, client, rate=4.0, n=200)
    assert mine.visits.arrival.max() > 0.9 * mine.requests.arrival.max()


def test_an_aside_may_call_and_choose_the_first():
    assert_same(["a -> b", "a ~> any of [c, d] cancel rest -> c(d)"], STATIONS)


def test_the_first_answer_of_two_is_the_lesser_of_two_exponentials():
    n = 20_000
    stations = [Station("door"), *(Station(name, service=exponential(1.0)) for name in "ab")]
    run = Recorded(["door -> any of [a, b] cancel rest"], stations, poisson(5.0, n)).run()
    took = run.requests.end - run.requests.arrival
    assert abs(took.mean() - 0.5) < 4 * 0.5 / np.sqrt(n)
    assert np.bincount(run.visits.outcome, minlength=7)[6] == n  # cancelled: the other one


def test_k_of_n_is_an_order_statistic():
    """The 2nd of 3 exponentials of mean 1 has the mean 1/3 + 1/2."""
    n = 20_000
    stations = [Station("door"), *(Station(name, service=exponential(1.0)) for name in "abc")]
    run = Recorded(["door -> 2 of [a, b, c]"], stations, poisson(5.0, n)).run()
    took = run.requests.end - run.requests.arrival
    assert abs(took.mean() - (1 / 3 + 1 / 2)) < 4 * took.std() / np.sqrt(n)
    assert np.all(run.visits.outcome == 0)  # the rest goes on


def test_who_is_left_running_brings_nothing():
    """Its stamp is a gap, even if it begins before the answer is given."""
    stations = [Station("door"), *(Station(name, 1, service=exponential(1.0)) for name in "ab")]
    run = Recorded(["door -> any of [a, b]"], stations, poisson(0.3, 2000)).run()
    met = run.requests.stamps >= 0
    assert np.all(met[:, 1:].sum(axis=1) == 1)


def held_in_simpy(arrivals: Fixed, inner: list[float], workers: int, rooms: int) -> list[float]:
    """When each request ends that holds one of `workers` while it waits for one of `rooms`."""
    env, ends = simpy.Environment(), [0.0] * len(inner)
    gate, room = simpy.Resource(env, workers), simpy.Resource(env, rooms)

    def request(who: int, time: float) -> Iterator[simpy.Event]:
        yield env.timeout(time)
        with gate.request() as turn:
            yield turn
            with room.request() as inside:
                yield inside
                yield env.timeout(inner[who])
        ends[who] = env.now

    for who, time in enumerate(arrivals.times.tolist()):
        env.process(request(who, time))
    env.run()
    return ends


@pytest.mark.parametrize(("workers", "rooms"), [(3, 5), (5, 3), (2, 2)])
def test_a_pool_of_connections_bounds_what_is_behind_it(workers: int, rooms: int):
    arrivals = poisson(6.0, 500)
    stations = [
        Station("pool", workers=workers),
        Station("db", workers=rooms, service=exponential(0.4)),
    ]
    run = Recorded(["pool(db)"], stations, arrivals).run()
    inside = run.visits.station == 1
    served = run.visits.end[inside] - run.visits.start[inside]
    inner = served[np.argsort(run.visits.request[inside])]
    order = np.argsort(run.requests.request)
    truth = held_in_simpy(arrivals, inner.tolist(), workers, rooms)
    np.testing.assert_allclose(run.requests.end[order], truth, rtol=1e-12)


def test_held_workers_make_a_gate_a_queue_of_its_own():
    """Erlang's loss formula: a gate of 3 that holds for an exponential time and lets nobody wait.

    Offered 2 erlangs: B = (2^3/3!) / (1 + 2 + 2 + 4/3) = 4/19.
    """
    n = 40_000
    stations = [
        Station("gate", workers=3, queue_limit=0),
        Station("db", service=exponential(1.0)),
    ]
    run = Recorded(["gate(db)"], stations, poisson(2.0, n)).run()
    lost = np.mean(run.requests.outcome == 2)
    assert abs(lost - 4 / 19) < 0.012


@pytest.mark.parametrize("sizes", [{"log_block": 1}, {"slots": 2}, {"tick": 0.11}])
@pytest.mark.parametrize("flow", [SOME[3], HELD[4]])
def test_blocks_and_idle_ticks_never_matter(flow: str, sizes: dict[str, float]):
    def run(tick: float = 0.0, **sizes: float) -> bytes:
        more = {"log_block": 1 << 15, **sizes}
        flows = [f"phone -> {flow} -> phone"]
        return Recorded(flows, STATIONS, poisson(4.0, 150), CANCELS, **more).run(tick=tick).bytes()

    assert run(**sizes) == run()


names = st.sampled_from("abcd")


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    path = st.lists(inner, min_size=1, max_size=2).map(" -> ".join)
    return st.one_of(
        # Limited workers that call each other may wait for ever, here as in the world.
        path.map(lambda inside: f"e({inside})"),
        st.tuples(
            st.sampled_from(["any of ", "2 of ", ""]),
            st.lists(path, min_size=3, max_size=3),
            st.booleans(),
        ).map(lambda f: f"{f[0]}[{', '.join(f[1])}]{' cancel rest' * (f[2] and bool(f[0]))}"),
    )


@settings(max_examples=30, deadline=None)
@given(
    flow=st.recursive(names, compound, max_leaves=6),
    client=st.sampled_from(list(CLIENTS.values())),
    frail=st.booleans(),
    seed=st.integers(0, 100),
)
def test_any_way_of_waiting(flow: str, client: Client, frail: bool, seed: int):
    habits = {"error_rate": 0.1, "queue_limit": 2, "timeout": 0.9} if frail else {}
    stations = [replace(one, **habits) for one in STATIONS]
    stations[0] = replace(stations[0], optional=frail)
    stations.append(Station("e", service=exponential(0.05), optional=not frail))
    assert_same([f"phone -> {flow} -> phone"], stations, client, (repairs,), 3.0, 60, seed)


def sharded(number: int, **more: object) -> Station:
    own = {"replicas": number, "balancing": Balancing.RANDOM}
    return Station("index", shards=number, **own, **more)


def test_shards_are_stations_of_their_own():
    """Each has its line; a request is done when all are. With constant times, as three stations."""
    service = Service(a=0.3)
    shards = [Station("door"), sharded(3, workers=1, service=service)]
    apart = [Station("door"), *(Station(name, 1, service=service) for name in "xyz")]
    one = Recorded(["door -> index"], shards, poisson(3.0, 400)).run()
    other = Recorded(["door -> [x, y, z]"], apart, poisson(3.0, 400)).run()
    np.testing.assert_array_equal(one.requests.end, other.requests.end)
    inside = one.visits.station == 1
    assert np.bincount(one.visits.replica[inside]).tolist() == [400, 400, 400]


@pytest.mark.parametrize(("wait_for", "mean"), [(0, 1 + 1 / 2 + 1 / 3 + 1 / 4), (1, 1 / 4)])
def test_shards_have_luck_of_their_own(wait_for: int, mean: float):
    """The last, and the first, of 4 exponentials of mean 1."""
    n = 20_000
    index = sharded(4, service=exponential(1.0), wait_for=wait_for)
    run = Recorded(["door -> index"], [Station("door"), index], poisson(5.0, n)).run()
    took = run.requests.end - run.requests.arrival
    assert abs(took.mean() - mean) < 4 * took.std() / np.sqrt(n)


def test_what_goes_aside_of_shards_goes_once():
    index = sharded(4, workers=1, service=exponential(0.1))
    stations = [Station("door"), index, Station("log")]
    run = Recorded(["door -> index", "index ~> log"], stations, poisson(3.0, 100)).run()
    assert np.count_nonzero(run.requests.where >= 0) == 100
    assert np.all(run.requests.stamps[run.requests.where >= 0][:, 1] >= 0)


def test_a_shard_that_has_crashed_fails_the_request():
    def crash(env: simpy.Environment, machine: object) -> Iterator[simpy.Event]:
        yield env.timeout(10.0)
        machine.crash("index", 2)

    index = sharded(4, workers=1, service=exponential(0.01))
    run = Recorded(["door -> index"], [Station("door"), index], poisson(3.0, 100)).run(crash)
    late = run.requests.arrival > 10.1
    assert np.all(run.requests.outcome[late] != 0)
    assert np.all(run.requests.outcome[run.requests.arrival < 9.5] == 0)
