"""Columns of requests: any block gives the same bytes, and what is missing is missing."""

from collections.abc import Iterator

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsim.engine.columns import Formula
from mlsim.engine.network import Requests
from mlsim.scenario.expressions import parse
from mlsim.system.requests import RequestBlock
from mlsim.system.settled import OUTCOMES
from mlsim.system.simulation import System
from tests.worlds import CLINIC, HOUR, World, loaded

NAMES = [
    ("features", "temperature"),
    ("cough_model", "fever"),
    ("risk_model", "cough_model.score"),
    ("advice", "risk_model.score"),
    ("telemetry", "advice.isolate"),
]
SLOW = {
    "system__phone__timeout": "500ms",
    "system__phone__retries__max": 1,
    "system__features__makes__fever": "temperature - 37 + normal(0, 0.1)",
}


@pytest.fixture(scope="module")
def world() -> World:
    """The clinic with its fault, and answers that are often too late."""
    return World(loaded(CLINIC, **SLOW))


def block_of(world: World, rows: np.ndarray) -> RequestBlock:
    """Some of the requests as a block of their own."""
    log = Requests(*(column[rows] for column in world.log))
    load = world.system.scenario.load["check_ups"]
    truth = world.system.world.truth("check_ups", load, log.request, log.arrival)
    return RequestBlock(log, truth, world.system, world.system.wiring, world.system.network.index)


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_columns_do_not_depend_on_the_block(world: World, data: st.DataObject):
    """Features, scores and decisions, across the fault's onset and the first versions."""
    n = world.log.request.size
    start = data.draw(st.integers(0, n - 1))
    rows = np.arange(start, min(n, start + data.draw(st.integers(1, 900))))
    block = block_of(world, rows)
    for reader, column in NAMES:
        assert block.at(reader, column).tobytes() == world.read(reader, column)[rows].tobytes()


def test_asking_in_another_order_gives_the_same(world: World):
    rows = np.arange(5000, 9000)
    forwards, backwards = block_of(world, rows), block_of(world, rows)
    first = [forwards.at(*name).tobytes() for name in NAMES]
    last = [backwards.at(*name).tobytes() for name in reversed(NAMES)]
    assert first == last[::-1]


def test_what_got_no_answer_has_no_columns_and_no_decision(world: World):
    lost = world.log.answer < 0
    assert 0.005 < lost.mean() < 0.5
    for reader, column in NAMES[:-1]:
        assert np.isnan(world.read(reader, column)[lost]).all()
    decided = world.column("advice.isolate")
    assert decided.dtype == bool
    assert not decided[lost].any()
    assert decided[~lost].any()


def test_a_decision_is_its_condition_on_what_arrived(world: World):
    score = world.read("advice", "risk_model.score")
    np.testing.assert_array_equal(world.column("advice.isolate"), score > 0.3)


def test_a_retry_draws_its_noise_anew(world: World):
    """The feature's own noise belongs to the attempt that was answered."""
    noise = world.read("cough_model", "fever") - (world.read("features", "temperature") - 37)
    second = world.log.answer == 1
    assert second.sum() > 100
    assert noise[second].std() == pytest.approx(0.1, rel=0.2)
    assert np.unique(noise[second]).size == second.sum()


def test_how_a_request_ended_can_be_asked_for(world: World):
    ends = [world.column(name) for name in OUTCOMES]
    assert np.all(sum(end.astype(int) for end in ends) == 1)
    np.testing.assert_allclose(world.column("sojourn_time"), world.log.end - world.log.arrival)
    assert world.column("attempts").max() == 2


def test_settings_hold_for_services_that_start_after_their_change():
    """From noon on everybody is isolated whom the advice is asked about."""
    noon = 12 * HOUR

    def change(system: System) -> Iterator[simpy.Event]:
        yield system.clock.timeout(noon - system.clock.now)
        system["advice"].change(Formula(parse("risk_model.score > 0"), system.seed, "policy"))

    world = World(loaded(CLINIC), faults=[], deciders=[change])
    visits = world.visits_of("advice")
    late = set(visits.request[visits.start > noon].tolist())
    answered = world.log.answer >= 0
    after = np.isin(world.log.request, list(late)) & answered
    score = world.read("advice", "risk_model.score")
    assert after.sum() > 1000
    expected = np.where(after, score > 0, score > 0.3)
    np.testing.assert_array_equal(world.column("advice.isolate"), expected)
