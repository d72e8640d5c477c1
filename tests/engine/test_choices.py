"""Choices in the flow: each row takes the branch that a request-by-request program gives it."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import simpy

from mlsim.engine.network import Client, Network, Requests, Station
from mlsim.engine.routes import Question, RouteError
from mlsim.scenario.flow_steps import Choice
from tests.engine.oracle import Oracle
from tests.engine.runs import Recorded, exponential, poisson
from tests.engine.test_oracle import repairs


class BySettings:
    """Who one is, the attempt, and the settings met at `a` (-1 for none) decide."""

    checked = frozenset[str]()

    def __init__(self) -> None:
        self.asked = 0

    def reads(self, question: Question) -> list[str]:
        return ["a"]

    def answer(self, question: Question, load: int, rows: Requests) -> np.ndarray:
        assert isinstance(question, Choice)
        self.asked += 1
        stamps = rows.stamps[:, 0]
        return (rows.request * 7 + 3 * rows.answer + stamps + 1) % len(question.branches)


A = Station("a", workers=2, replicas=2, service=exponential(0.4))
STATIONS = [A, *(Station(name, workers=2, service=exponential(0.3)) for name in "bcd")]
THREE = "(b -> c if x > 1 else d if x > 0)"


def assert_same(flow, stations=STATIONS, client=None, deciders=(), n=400, rate=8.0):
    arrivals, steering = poisson(rate, n), BySettings()
    more = {"slots": 1, "steering": steering}
    mine = Recorded(flow, stations, arrivals, client, **more).run(*deciders)
    more["steering"] = BySettings()
    truth = Recorded(flow, stations, arrivals, client, engine=Oracle, **more).run(*deciders)
    assert mine.visit_tuples() == truth.visit_tuples()
    assert mine.row_tuples() == truth.row_tuples()
    return mine, steering


def test_three_branches_of_which_one_is_empty():
    mine, steering = assert_same([f"a -> {THREE} -> b"])
    assert steering.asked <= 3  # foreseen, many arrivals at once
    visited = np.bincount(mine.visits.station)
    assert visited[1] > visited[2] > 0
    assert visited[3] > 0


def test_a_choice_within_a_choice_and_after_it():
    assert_same([f"a -> (b -> {THREE} if x else c) -> (d if y) -> c"])


def test_a_choice_in_a_branch_of_a_fork():
    assert_same([f"a -> [{THREE}, c] -> b"])


def test_settings_that_change_under_way_change_the_way():
    """Who met the old ones at `a` is still led by them, even if its turn comes later."""
    client = Client("phone", timeout=1.5, retries=2, backoff=0.25)
    assert_same([f"phone -> a -> {THREE} -> phone"], client=client, deciders=(repairs,), n=300)


def test_a_missing_value_leads_elsewhere():
    """An optional call that brings nothing can't be foreseen; it is asked for."""
    stations = [replace(A, optional=True, queue_limit=1), *STATIONS[1:]]
    _, steering = assert_same([f"a -> {THREE} -> b"], stations, rate=12.0)
    assert steering.asked > 20


def test_an_aside_with_a_choice():
    mine, _ = assert_same(["a -> b", "a ~> (c -> d if x > 1 else d if x > 0) -> c"])
    assert mine.requests.where.max() >= 0


def test_an_aside_that_ends_with_a_choice_ends_at_the_last_of_a_branch_or_nowhere():
    mine, steering = assert_same(["a -> b", "a ~> (c -> d if x > 1 else c if x > 0)"])
    assert steering.asked <= 3  # foreseen, many arrivals at once
    rows, visits = mine.requests, mine.visits
    here, second = rows.where >= 0, np.isin(rows.request, visits.request[visits.station == 3])
    taken = (rows.request * 7 + 1) % 3
    assert rows.where[here].tolist() == np.array([3, 2])[taken[here]].tolist()
    assert second.tolist() == (taken == 0).tolist()
    assert rows.request[here].size == (taken[~here] < 2).sum()


@pytest.mark.parametrize("tick", [0.0, 0.37])
@pytest.mark.parametrize(
    "sizes", [{"log_block": 1, "arrival_block": 8, "until": 100.0}, {"slots": 3}]
)
def test_blocks_and_idle_ticks_never_matter(tick: float, sizes: dict[str, float]):
    def run(tick: float, **sizes: float) -> list[tuple[object, ...]]:
        client = Client("phone", timeout=1.0, retries=2)
        network = Recorded(
            [f"phone -> a -> {THREE} -> phone", "b ~> d"],
            STATIONS,
            poisson(8.0, 300),
            client,
            steering=BySettings(),
            **sizes,
        )
        mine = network.run(repairs, tick=tick)
        return [*mine.visit_tuples(), *mine.row_tuples()]

    assert run(tick, **sizes) == run(0.0)


class Failing(BySettings):
    """Every third row can't be read at b."""

    checked = frozenset({"b"})

    def answer(self, question: Question, load: int, rows: Requests) -> np.ndarray:
        assert question == "b"
        return (rows.request % 3 == 0).astype(np.int64)


@pytest.mark.parametrize("workers", [None, 4], ids=["instant", "served"])
@pytest.mark.parametrize("optional", [False, True])
def test_a_visit_fails_by_what_its_row_carries(workers: int | None, optional: bool):
    service = exponential(0.1) if workers else Station("b").service
    b = Station("b", workers=workers, service=service, optional=optional)
    run, truth = (
        Recorded(["a -> b"], [A, b], poisson(8.0, 300), engine=one, steering=Failing()).run()
        for one in (Network, Oracle)
    )
    assert run.visit_tuples() == truth.visit_tuples()
    assert run.row_tuples() == truth.row_tuples()
    failed = run.visits.request[run.visits.outcome == 3]
    assert sorted(failed) == list(range(0, 300, 3))
    ended = run.requests
    bad = ended.request % 3 == 0
    assert np.all(ended.outcome == np.where(bad & (not optional), 3, 0))
    assert np.all((ended.stamps[:, 1] < 0) == bad)


def test_a_choice_needs_somebody_who_knows():
    with pytest.raises(RouteError, match="nobody can answer"):
        Recorded(["a -> (b if x)"], STATIONS, poisson(1.0, 1))


def test_decisions_between_two_stops_are_met():
    """A new setting at the very instant of a service's end counts from the next service on."""

    def changes(env: simpy.Environment, machine: object) -> Iterator[simpy.Event]:
        for number in range(1, 40):
            yield env.timeout(0.6)
            machine.set_settings("a", number)

    assert_same([f"a -> {THREE} -> b"], deciders=(changes,))
