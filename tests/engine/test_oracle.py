"""The kernel and a plain SimPy program: the same times, to the bit, for every request."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import simpy

from mlsim.engine.draws import Distribution
from mlsim.engine.network import Client, Network, Service, Station
from mlsim.engine.parts import AfterCrash
from mlsim.engine.routes import Cut
from tests.engine.oracle import Oracle
from tests.engine.runs import Decider, Fixed, Recorded, exponential, poisson


def assert_same(
    flow: list[str],
    stations: list[Station],
    client: Client | None = None,
    deciders: tuple[Decider, ...] = (),
    rate: float = 8.0,
    n: int = 400,
    seed: int = 0,
    arrivals: Fixed | None = None,
) -> Recorded:
    """Run both; every visit and every end of a request must be equal, and in the same order."""
    arrivals = arrivals or poisson(rate, n, seed)
    mine, truth = (
        Recorded(flow, stations, arrivals, client, seed, engine=engine, slots=1).run(*deciders)
        for engine in (Network, Oracle)
    )
    assert mine.visit_tuples() == truth.visit_tuples()
    assert mine.row_tuples() == truth.row_tuples()
    return mine


TWO = [
    Station("a", workers=2, replicas=2, service=exponential(0.4)),
    Station("b", workers=3, service=Service(Distribution.LOGNORMAL, -1.3, 0.5)),
]


def test_a_chain_without_a_client():
    assert_same(["a -> b"], TWO)


def test_retries_leave_zombies_behind():
    """Timed-out work goes on and delays others, and its late answers are ignored."""
    client = Client("phone", timeout=0.7, retries=3, backoff=0.1)
    mine = assert_same(["phone -> a -> b -> phone"], TWO, client)
    ends = mine.requests
    assert ends.attempts.max() == 4
    assert mine.visits.request.size > 2.5 * ends.request.size


def test_retries_at_once():
    """A backoff of 0 sends the next attempt at the instant of the timeout."""
    assert_same(["phone -> a -> b -> phone"], TWO, Client("phone", timeout=0.7, retries=2))


def test_a_full_line_rejects():
    stations = [replace(TWO[0], queue_limit=2), replace(TWO[1], queue_limit=0)]
    client = Client("phone", retries=1, backoff=0.3)
    mine = assert_same(["phone -> a -> b -> phone"], stations, client, rate=12.0)
    assert set(mine.requests.outcome.tolist()) == {0, 2}


def test_without_a_client_a_rejected_request_has_ended():
    mine = assert_same(["a -> b"], [replace(TWO[0], queue_limit=1), TWO[1]], rate=12.0)
    assert set(mine.requests.outcome.tolist()) == {0, 2}


def repairs(env: simpy.Environment, machine: object) -> Iterator[simpy.Event]:
    """A crash, a restart, a scale-up and a scale-down, and new settings in between."""
    yield env.timeout(5.0)
    machine.crash("a", 0)
    machine.set_settings("a", 1)
    yield env.timeout(2.5)
    machine.set_settings("b", 7)
    machine.crash("a", 1)
    yield env.timeout(1.25)
    machine.restart("a", 1)
    yield env.timeout(3.0)
    machine.scale("a", 4)
    machine.restart("a", 0)
    yield env.timeout(6.0)
    machine.scale("a", 1)
    yield env.timeout(5.0)
    machine.scale("a", 3)
    machine.set_service("b", exponential(0.9))


@pytest.mark.parametrize(
    "client",
    [
        Client("phone", timeout=1.5, retries=2, backoff=0.25),
        Client("phone", retries=0),
        Client("phone", timeout=0.5, retries=4),
    ],
    ids=["patient", "waits for ever", "nervous"],
)
def test_crash_restart_and_scaling_in_the_middle(client: Client):
    mine = assert_same(["phone -> a -> b -> phone"], TWO, client, (repairs,), n=300)
    assert {0, 2} == set(mine.visits.outcome.tolist())
    assert {0, 1} <= set(mine.visits.settings.tolist())


def test_crash_and_restart_without_a_client():
    mine = assert_same(["a -> b"], TWO, None, (repairs,), n=300)
    assert 3 in mine.requests.outcome


FORKED = [
    Station("gate"),
    Station("left", workers=3, service=exponential(0.3)),
    Station("mid", workers=2, service=exponential(0.1)),
    Station("right", workers=4, service=exponential(0.4), queue_limit=3),
    Station("join", workers=2, service=exponential(0.1)),
    Station("log"),
    Station("store", workers=1, service=exponential(0.05)),
]


def test_fork_and_join_wait_for_the_last_branch():
    assert_same(["gate -> [left, mid -> right] -> join"], FORKED, rate=6.0)


def test_forks_within_forks_and_a_branch_that_fails():
    """A rejected branch fails its attempt once; the others go on as zombies."""
    client = Client("phone", timeout=2.0, retries=1, backoff=0.2)
    flow = ["phone -> gate -> [left, [mid, right] -> mid] -> join -> phone"]
    mine = assert_same(flow, FORKED, client, rate=9.0)
    assert {0, 1, 2} >= set(mine.requests.outcome.tolist()) > {0}


def test_asides_go_to_their_sinks_and_nobody_waits():
    client = Client("phone", timeout=1.2, retries=1)
    flow = ["phone -> gate -> [left, mid] -> join -> phone", "join ~> log", "mid ~> store -> log"]
    mine = assert_same(flow, FORKED, client, rate=6.0)
    names = mine.network.names
    assert {names[k] for k in set(mine.requests.where.tolist()) - {-1}} == {"log"}


def test_what_a_sink_refuses_ends_there_without_a_stamp_of_it():
    """What is refused on the way there doesn't."""
    small = {"workers": 1, "queue_limit": 0}
    stations = [
        Station("gate"),
        Station("store", service=exponential(0.1), **small),
        Station("log", service=exponential(0.3), **small),
    ]
    flow = ["gate", "gate ~> log", "gate ~> store -> log"]
    mine = assert_same(flow, stations, rate=6.0)
    visits, rows, log = mine.visits, mine.requests, mine.network.index("log")
    refused = (visits.station == log) & (visits.outcome == 1)
    unmet = (rows.where == log) & (rows.stamps[:, log] < 0)
    assert unmet.sum() == refused.sum() > 100
    assert np.all(rows.end[unmet] == visits.end[refused])


def test_a_component_visited_twice_draws_twice():
    stations = [Station("a", service=exponential(0.1)), Station("b", workers=1)]
    mine = assert_same(["a -> b -> a -> [a, a]"], stations)
    visits = mine.visits
    spent = (visits.end - visits.start)[(visits.station == 0) & (visits.request == 7)]
    assert np.unique(spent.round(12)).size == 4


TROUBLED = [
    Station("a", workers=2, replicas=2, service=exponential(0.4), queue_limit=9, patience=0.3),
    Station("b", workers=3, service=exponential(0.2), error_rate=0.1, timeout=0.9),
    Station("c", 1, 1, exponential(0.2), 1, optional=True, timeout=0.25, patience=0.1),
    Station("d", optional=True, error_rate=0.5),
    Station("log"),
]


def troubles(env: simpy.Environment, machine: object) -> Iterator[simpy.Event]:
    """A slow node, lost answers, closed doors, a quota, crashes; visits are optional or not."""
    yield env.timeout(4.0)
    machine.set_slowness("a", 1, 3.0)
    for name in "bcd":
        machine.set_losing(name, 0.3)
    machine.set_quota("a", 7, 1.5)
    yield env.timeout(5.0)
    machine.crash("c", 0)
    machine.set_open("b", False)
    yield env.timeout(1.0)
    machine.set_open("b", True)
    machine.restart("c", 0)
    machine.crash("b", 0)
    yield env.timeout(2.0)
    machine.restart("b", 0)
    machine.set_open("c", False)
    machine.set_slowness("a", 1, 1.0)
    yield env.timeout(4.0)
    machine.set_open("c", True)
    for name in "bcd":
        machine.set_losing(name, 0.0)
    machine.set_quota("a", np.inf, np.inf)


@pytest.mark.parametrize(
    "flow", ["a -> b -> c -> d -> b", "a -> [b, c -> d] -> c", "[c, c] -> a", "c -> a -> d"]
)
@pytest.mark.parametrize("patience", [np.inf, 2.3])
def test_visits_that_bring_nothing(flow, patience):
    """Some fail their attempt, some leave a gap in it; work that nobody waits for goes on."""
    client = Client("phone", timeout=1.6, retries=2, backoff=0.15, patience=patience)
    mine = assert_same(
        [f"phone -> {flow} -> phone", "c ~> log"], TROUBLED, client, (troubles,), rate=9.0
    )
    visits, stamps = mine.visits, mine.requests.stamps
    assert {0, 1, 2, 4, 5} <= set(visits.outcome.tolist())
    assert np.any(stamps[mine.requests.outcome == 0, 2] == -1)
    assert (4 in mine.requests.outcome) == (patience < np.inf)


HABITS = {
    "backs off": {"backoff": 0.1, "growth": 2.0, "cap": 0.5, "jitter": True},
    "backs off by chance": {"backoff": Service(Distribution.EXPONENTIAL, 0.2), "growth": 1.5},
    "has a budget": {"backoff": 0.1, "budget": 0.1},
    "has a breaker": {"backoff": 0.4, "trips_at": 4, "open_for": 1.7},
    "says by when": {"deadline": True},
    "cancels": {"cancels": True, "backoff": 0.05},
    "hedges": {"hedges": 2, "hedge_after": 0.37},
    "hedges and cancels": {"hedges": 1, "hedge_after": 0.37, "cancels": True, "backoff": 0.1},
    "falls back": {"falls_back": True, "trips_at": 3, "open_for": 0.9, "jitter": True},
    "cancels and leaves": {"cancels": True, "patience": 1.9, "deadline": True, "backoff": 0.2},
}


@pytest.mark.parametrize("flow", ["a -> b -> c -> b", "a -> [b, c] -> d", "[c, a] -> b"])
@pytest.mark.parametrize("habit", HABITS)
def test_habits_of_clients(flow, habit):
    client = Client("phone", timeout=1.1, retries=3, **HABITS[habit])
    mine = assert_same(
        [f"phone -> {flow} -> phone", "c ~> log"], TROUBLED, client, (troubles,), rate=7.0
    )
    ends = mine.requests
    assert 0 in ends.outcome
    assert (5 in ends.outcome) == client.falls_back
    assert (6 in mine.visits.outcome) == client.cancels


def on_the_beat(mean: float) -> Service:
    return Service(Distribution.CONSTANT, mean)


BEATS = [
    Station("a", 2, 2, on_the_beat(0.5), queue_limit=9, patience=0.75),
    Station("b", 1, 1, on_the_beat(0.25), error_rate=0.1, timeout=1.0, batch=3, batch_wait=0.25),
    Station("c", 1, 1, on_the_beat(0.0), 1, optional=True, timeout=0.25, patience=0.25),
    Station("d", optional=True, error_rate=0.5),
    Station("log", workers=1, service=on_the_beat(0.25)),
]


@pytest.mark.parametrize("flow", ["a -> b -> c -> b", "a -> [b, c -> d] -> [c, c]"])
@pytest.mark.parametrize("habit", HABITS)
def test_all_at_the_same_instants(flow, habit):
    """Arrivals, services, timeouts, crashes: the order of simultaneous events is the oracle's."""
    habits = {key: 0.25 if value == 0.37 else value for key, value in HABITS[habit].items()}
    client = Client("phone", timeout=1.25, retries=3, **habits)
    flows = [f"phone -> {flow} -> phone", "c ~> log", "a ~> [b, d] -> log"]
    beat = Fixed(np.repeat(np.arange(80) * 0.25, 3))
    assert_same(flows, BEATS, client, (troubles, repairs), arrivals=beat)


CALLED_AGAIN = {
    "at the same instant": (
        ["phone -> a(b -> c) -> c -> phone"],
        [Station("a", retries=1), Station("b"), Station("c", timeout=0.25)],
    ),
    "by those whose time is over": (
        ["phone -> a(b) -> phone"],
        [Station("a", 3, service=on_the_beat(0.5), timeout=0.4, retries=2), TWO[1]],
    ),
    "and so are those aside": (
        ["phone -> a -> b -> phone", "a ~> c -> d"],
        [Station("a", retries=1), Station("b", error_rate=0.5), TWO[0], Station("d")],
    ),
    "after what was done without": (
        ["phone -> a -> b -> phone"],
        [Station("a", 1, optional=True, retries=2, error_rate=0.7), Station("b", error_rate=0.9)],
    ),
}


@pytest.mark.parametrize("what", CALLED_AGAIN)
def test_layers_of_callers(what):
    """A path of calls has its own draws, its own place at an instant, and an end."""
    flow, stations = CALLED_AGAIN[what]
    stations = [replace(s, name=name) for s, name in zip(stations, "abcd", strict=False)]

    def crash(env: simpy.Environment, machine: object) -> Iterator[simpy.Event]:
        last = stations[-1].name
        machine.crash(last, 0)
        yield env.timeout(1.5)
        machine.restart(last, 0)

    assert_same(flow, stations, Client("phone"), (crash,), arrivals=poisson(4.0, 200))


def partitions(env: simpy.Environment, machine: object) -> Iterator[simpy.Event]:
    """From 5 to 11 c can't be reached from one, or from both, of those before it."""
    for caller, how in (("a", Cut.GETS_LOST), ("b", Cut.IS_REFUSED), ("a", Cut.REACHES)):
        yield env.timeout(2.0 if env.now else 5.0)
        machine.cut(caller, "c", how)
    yield env.timeout(2.0)
    machine.cut("b", "c", Cut.REACHES)


@pytest.mark.parametrize("flow", ["[a, b] -> c -> d", "any of [a, b] -> c -> d"])
def test_what_follows_upon_branches_is_called_by_each_of_them(flow):
    """A call that is lost is waited for: not by a client that cancels, who is gone before."""
    stations = [
        Station("a", 2, service=exponential(0.1)),
        Station("b", 2, service=exponential(0.1)),
        Station("c", optional=True, timeout=0.7, retries=1),
        Station("d"),
    ]
    client = Client("phone", timeout=1.0, cancels=True)
    mine = assert_same([f"phone -> {flow} -> phone"], stations, client, (partitions,), n=100)
    visits = mine.visits
    cut = (visits.arrival >= 5.0) & (visits.arrival < 11.0)
    np.testing.assert_array_equal(np.isin(visits.outcome, (1, 2)), cut & (visits.station == 2))
    refused, lost = (visits.request[visits.outcome == code] for code in (1, 2))
    unheard = np.setdiff1d(lost, refused)
    assert unheard.size > 5
    assert not np.isin(visits.request[visits.station == 3], unheard).any()


@pytest.mark.parametrize("client", [None, Client("phone")])
def test_who_would_wait_for_a_lost_call_for_ever_knows_at_once(client):
    def parted(env: simpy.Environment, machine: object) -> Iterator[simpy.Event]:
        yield env.timeout(0.0)
        machine.cut("a", "b", Cut.GETS_LOST)

    flow = "a -> b" if client is None else "phone -> a -> b -> phone"
    mine = assert_same([flow], [Station("a"), Station("b")], client, (parted,), n=10)
    assert mine.requests.outcome.tolist() == [3] * 10


def test_a_resumed_service_is_shorter_only_where_the_crash_was():
    """What a crash has left to do of one visit says nothing of the next station."""
    stations = [
        Station("a", 1, 2, on_the_beat(1.0), after_crash=AfterCrash.RESUMES),
        Station("b", 1, 2, on_the_beat(2.0), after_crash=AfterCrash.RESUMES),
    ]

    def crash(env: simpy.Environment, machine: object) -> Iterator[simpy.Event]:
        yield env.timeout(0.75)
        machine.crash("a", 0)

    mine = assert_same(["a -> b"], stations, deciders=(crash,), arrivals=Fixed(np.zeros(1)))
    assert mine.visits.end.tolist() == [0.75, 1.0, 3.0]
