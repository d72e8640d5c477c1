"""Truth: people come back as who they are, and what is true follows its law."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsim.world.people import Truth, World
from tests.worlds import CLINIC, DAY, loaded

SCENARIO = loaded(CLINIC)
WORLD = World(SCENARIO, seed=3)
N = 20_000
TIME = np.linspace(-2 * DAY, 2 * DAY, N)


def truth(world: World = WORLD, rows: slice | np.ndarray = slice(None)) -> Truth:
    return world.truth("check_ups", SCENARIO.load["check_ups"], np.arange(N)[rows], TIME[rows])


def test_a_person_who_comes_back_keeps_age_but_not_temperature():
    everybody = truth()
    order = np.argsort(everybody.people, kind="stable")
    again = np.diff(everybody.people[order]) == 0
    assert again.sum() > N / 2
    assert np.all(np.diff(everybody["age"][order])[again] == 0)
    assert not np.any(np.diff(everybody["temperature"][order])[again] == 0)


def test_all_people_come_equally_often():
    """Chi-square over 5,000 people, whose visits are multinomial."""
    people = truth().people
    assert people.min() >= 0
    assert people.max() < 5000
    visits = np.bincount(people, minlength=5000)
    excess = ((visits - N / 5000) ** 2 / (N / 5000)).sum() - 4999
    assert abs(excess) < 4 * math.sqrt(2 * 4999)


def test_infected_follows_prevalence():
    """The share of a quarter of the rows, within four standard errors."""
    everybody = truth()
    for quarter in np.split(np.arange(N), 4):
        expected = everybody["prevalence"][quarter]
        error = math.sqrt((expected * (1 - expected)).sum())
        assert abs(everybody["infected"][quarter].sum() - expected.sum()) < 4 * error


def test_prevalence_is_the_driver_at_the_time_of_the_request():
    np.testing.assert_allclose(truth()["prevalence"], 0.1 + 0.1 * np.clip(TIME / (2 * DAY), 0, 1))


@given(st.lists(st.integers(0, N - 1), min_size=1, max_size=30))
@settings(max_examples=30, deadline=None)
def test_truth_does_not_depend_on_who_else_is_asked_about(rows: list[int]):
    whole, some = truth(), truth(rows=np.array(rows))
    for name in whole:
        assert some[name].tobytes() == whole[name][rows].tobytes()


def test_another_seed_is_another_world():
    other = truth(World(SCENARIO, seed=4))
    assert not np.any(other["temperature"] == truth()["temperature"])


def test_without_people_nobody_comes_back():
    text = CLINIC.replace("of: person, ", "").replace(", age", "")
    text = text.replace("  person:\n    age: clip(normal(44, 18), 0, 100)\n", "")
    scenario = loaded(text)
    rows = World(scenario, 3).truth("check_ups", scenario.load["check_ups"], np.arange(9), TIME[:9])
    assert rows.people.tolist() == rows.ids.tolist()
    assert set(rows) == {"prevalence", "infected", "temperature", "cough_rate"}
