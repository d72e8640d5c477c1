"""Answers about rows: which are told ahead, and that whoever was told one keeps to it."""

from collections.abc import Iterator

import numpy as np
import pytest
import simpy

from mlsim.engine.network import Cache, Client, Network, Requests, Service, Session, Station
from mlsim.engine.parts import AfterCrash, Balancing
from mlsim.engine.routes import Question, Trait
from tests.engine.oracle import Oracle
from tests.engine.runs import Recorded, exponential, poisson

STATIONS = [
    Station("door", workers=2, optional=True, queue_limit=0, service=exponential(0.1)),
    Station("desk", workers=2, sized=True, prioritised=True, service=exponential(0.3)),
    Station("cache", cache=Cache(capacity=5), service=exponential(0.1)),
    Station("shelf", workers=3, service=exponential(0.2)),
]
FLOW = ["phone -> door -> desk -> (cache(shelf) if x else shelf) -> phone"]
HASTY = Client("phone", timeout=1.2, retries=3, backoff=0.1, jitter=True)


class Known:
    """Sizes, lanes and keys by who one is and what one met at `door`, ways by `desk` as well.

    counted: whether the attempt matters, too, and when it was sent; then the world may turn.
    """

    checked = frozenset({"shelf"})

    def __init__(self, counted: bool = False) -> None:
        self.counted, self.asked = counted, 0
        self.turns: list[float] = []

    def reads(self, question: Question) -> list[str]:
        return ["door"] if isinstance(question, Trait) else ["door", "desk"]

    def answer(self, question: Question, load: int, rows: Requests) -> np.ndarray:
        self.asked += 1
        mixed = (rows.request * 2654435761 >> 7) + 3 * rows.stamps[:, 0]
        if self.counted:
            mixed = mixed + 5 * rows.answer + (rows.sent * 7).astype(np.int64)
            mixed = mixed + np.searchsorted(self.turns, rows.sent)
        if not isinstance(question, Trait):
            return (mixed + rows.stamps[:, 1]) % 3 % 2
        if question.what == "size":
            return (0.5 + mixed % 4).view(np.int64)
        return mixed % 3 if question.what == "priority" else mixed % 9 << 40


def changes(env: simpy.Environment, machine: object) -> Iterator[simpy.Event]:
    """New settings on the way, and new laws for those who wait."""
    for number in range(1, 40):
        yield env.timeout(0.9)
        machine.set_settings(("door", "desk")[number % 2], number)
        machine.set_service("desk", exponential(0.2 + 0.1 * (number % 3)))


@pytest.mark.parametrize("counted", [False, True])
def test_each_visit_is_that_of_the_plain_program(counted: bool):
    """Though some find no answer at the door, and so are told another thing than was foreseen."""
    arrivals, known = poisson(9.0, 400), Known(counted)
    mine, truth = (
        Recorded(FLOW, STATIONS, arrivals, HASTY, engine=one, steering=known, slots=1).run(changes)
        for one in (Network, Oracle)
    )
    assert mine.visit_tuples() == truth.visit_tuples()
    assert mine.row_tuples() == truth.row_tuples()
    assert {"rejected", "served", "failed"} == {visit[-1] for visit in mine.visit_tuples()}
    assert mine.requests.attempts.max() == 4


def test_each_shard_is_asked_for_just_before_its_visit():
    """Another branch may have met something else by then, and a crash has it visited anew."""

    def crashes(env: simpy.Environment, machine: object) -> Iterator[simpy.Event]:
        for number in range(40):
            yield env.timeout(1.0)
            machine.set_settings("door", number)
            machine.crash("desk", number % 2)
            machine.restart("desk", number % 2)

    shards = {"shards": 2, "replicas": 2, "balancing": Balancing.RANDOM, "workers": 1}
    again = {"after_crash": AfterCrash.RETRIES, "service": exponential(0.3)}
    stations = [
        Station("door", service=Service(a=0.1)),
        Station("desk", prioritised=True, sized=True, **shards, **again),
    ]
    flow, arrivals = ["door -> [desk, door -> door]"], poisson(2.0, 80)
    mine, truth = (
        Recorded(flow, stations, arrivals, engine=one, steering=Known()).run(crashes)
        for one in (Network, Oracle)
    )
    assert mine.visit_tuples() == truth.visit_tuples()


@pytest.mark.parametrize("is_told", [True, False])
def test_the_world_may_turn_while_retries_are_to_come(is_told: bool):
    """What was foreseen of them is forgotten, or they weren't looked for beyond the next turn."""

    def run(engine: type) -> Recorded:
        known = Known(counted=True)

        def turn(env: simpy.Environment, machine: object) -> Iterator[simpy.Event]:
            while len(known.turns) < 40:
                yield env.timeout(1.0)
                known.turns.append(env.now)
                if is_told:
                    machine.forget_foresight()

        def ahead() -> float:
            turned = len(known.turns)
            return np.inf if is_told or turned == 40 else np.nextafter(turned + 1.0, np.inf)

        stations, arrivals = [Station("door"), *STATIONS[1:]], poisson(9.0, 300)
        more = {"engine": engine, "steering": known, "ahead": ahead}
        return Recorded(FLOW, stations, arrivals, HASTY, **more).run(turn)

    mine, truth = run(Network), run(Oracle)
    assert mine.visit_tuples() == truth.visit_tuples()
    assert mine.row_tuples() == truth.row_tuples()


def test_a_storm_of_retries_asks_for_nothing_more():
    """What doesn't depend on the attempt is told once, to all attempts."""
    steering, stations = Known(), [Station("door"), *STATIONS[1:]]
    storm = Recorded(FLOW, stations, poisson(9.0, 400), HASTY, steering=steering).run()
    assert storm.requests.attempts.sum() > 3 * 400
    questions = 5
    assert steering.asked <= 5 * questions  # for many rows at once


def test_a_storm_of_retries_that_differ_asks_for_many_at_once():
    """Whose time runs out will be sent again at a time that is known before."""
    steering, stations = Known(counted=True), [Station("door"), *STATIONS[1:]]
    storm = Recorded(FLOW, stations, poisson(9.0, 400), HASTY, steering=steering).run()
    retries, questions = storm.requests.attempts.sum() - 400, 5
    assert steering.asked < questions * retries / 10


@pytest.mark.parametrize("counted", [False, True])
def test_who_thinks_is_asked_for_with_others(counted: bool):
    """What people do next is known before they do it, as arrivals are."""

    def run(engine: type, steering: Known) -> Recorded:
        sessions = {0: Session("calls", Service(a=1.0), ((0, 0.9),))}
        more = {"engine": engine, "steering": steering, "sessions": sessions, "until": 60.0}
        return Recorded(FLOW, [Station("door"), *STATIONS[1:]], poisson(5.0, 50), HASTY, **more)

    steering, questions = Known(counted), 5
    mine, truth = run(Network, steering).run(), run(Oracle, Known(counted)).run()
    assert mine.visit_tuples() == truth.visit_tuples()
    assert mine.row_tuples() == truth.row_tuples()
    assert steering.asked < questions * mine.requests.attempts.sum() / 5
