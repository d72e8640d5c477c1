"""The world changes: for whom it should, as it says, and the machine goes on as before."""

from typing import Any

import numpy as np
import pytest

from mlsim.errors import ScenarioError
from tests.worlds import CLINIC, DAY, HOUR, World, loaded

QUIET = CLINIC[: CLINIC.index("faults:")]
TWIN = World(loaded(QUIET))


def changed(**fault: Any) -> World:
    return World(loaded(QUIET, faults=[{"at": "12h", "until": "36h", **fault}]))


DRIFT = {"kind": "data_drift", "column": "temperature", "shift": -0.5, "scale": 1.01}
SHIFT = {"kind": "prior_shift", "driver": "prevalence", "becomes": 0.6}
CONCEPT = {"kind": "concept_drift", "column": "infected", "becomes": "bernoulli(1 - prevalence)"}


@pytest.mark.parametrize("fault", [DRIFT, SHIFT, CONCEPT])
def test_who_comes_before_or_after_lives_in_the_old_world_and_movement_is_the_same(
    fault: dict[str, Any],
):
    world, arrival = changed(**fault), TWIN.log.arrival
    during = (arrival >= 12 * HOUR) & (arrival < 36 * HOUR)
    assert world.log.end.tobytes() == TWIN.log.end.tobytes()
    for column in ("prevalence", "infected", "temperature", "cough_rate"):
        mine, other = world.column(column), TWIN.column(column)
        assert mine[~during].tobytes() == other[~during].tobytes()
    assert np.any(world.column("temperature")[during] != TWIN.column("temperature")[during])


@pytest.mark.parametrize("fault", [DRIFT, SHIFT, CONCEPT])
def test_of_no_strength_it_is_the_twin(fault: dict[str, Any]):
    world = changed(**fault, share=0)
    for column in ("infected", "temperature", "risk_model.score"):
        assert world.column(column).tobytes() == TWIN.column(column).tobytes()


def test_data_drift_stretches_and_shifts_and_leaves_what_comes_before_it():
    world, arrival = changed(**DRIFT), TWIN.log.arrival
    during = (arrival >= 12 * HOUR) & (arrival < 36 * HOUR)
    moved, was = world.column("temperature")[during], TWIN.column("temperature")[during]
    np.testing.assert_allclose(moved, was * 1.01 - 0.5)
    assert world.column("infected").tobytes() == TWIN.column("infected").tobytes()


def test_a_ramp_reaches_requests_one_by_one():
    """Half of them in the middle of the ramp, within four standard errors."""
    world, arrival = changed(**DRIFT, ramp="24h"), TWIN.log.arrival
    middle = np.abs(arrival - DAY) < 3 * HOUR
    reached = world.column("temperature")[middle] != TWIN.column("temperature")[middle]
    assert abs(reached.mean() - 0.5) < 4 * 0.5 / np.sqrt(middle.sum())


def test_a_driver_moves_smoothly_and_its_column_follows():
    world, arrival = changed(**SHIFT, ramp="12h"), TWIN.log.arrival
    halfway, there = np.abs(arrival - 18 * HOUR) < 60, (arrival > DAY) & (arrival < 36 * HOUR)
    np.testing.assert_allclose(
        world.column("prevalence")[halfway],
        (0.6 + TWIN.column("prevalence")[halfway]) / 2,
        atol=0.01,
    )
    assert np.all(world.column("prevalence")[there] == 0.6)
    infected = world.column("infected")[there]
    assert abs(infected.mean() - 0.6) < 4 * np.sqrt(0.24 / infected.size)


def test_another_law_keeps_the_luck():
    """bernoulli(1 - p) is drawn from the uniform number from which bernoulli(p) was drawn."""
    world, arrival = changed(**CONCEPT), TWIN.log.arrival
    during = (arrival >= 12 * HOUR) & (arrival < 36 * HOUR)
    both = (world.column("infected") == 1)[during] >= (TWIN.column("infected") == 1)[during]
    assert both.all(), "p < 1 - p here: who was infected still is"


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({**DRIFT, "column": "temprature"}, r"\[0\]\.column: .*did you mean 'temperature'"),
        ({**DRIFT, "column": "age"}, "age belongs to a person"),
        ({**SHIFT, "driver": "prevalense"}, r"\[0\]\.driver: .*'prevalence'"),
        ({**SHIFT, "becomes": "0.1 * age"}, "must depend on time alone"),
        ({**CONCEPT, "becomes": "temperature > 37"}, "which is not drawn before it"),
    ],
)
def test_refuses(fault: dict[str, Any], message: str):
    with pytest.raises(ScenarioError, match=message):
        changed(**fault)
