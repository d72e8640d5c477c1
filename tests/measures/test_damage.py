"""Damage is a difference, and its parts add up."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsim.measures.damage import by_day, outcomes_by_day, until
from tests.worlds import CLINIC, loaded

OUTCOMES = loaded(CLINIC).outcomes
HOURS = 3600.0


def test_outcomes_per_day_and_their_cost():
    run = {"missed_infections": np.array([1.0, 2, 3, 4]), "isolated_for_nothing": np.zeros(4),
           "waiting_time": np.array([0.0, 3600, 0, 7200])}  # fmt: skip
    twin = {name: np.array([1.0, 1, 1, 1]) for name in run}
    table = outcomes_by_day("all", run, twin, OUTCOMES, step=12 * HOURS).set_index(
        ["outcome", "day"]
    )
    assert table.loc[("missed_infections", 0), ["run", "twin", "difference", "cost"]].tolist() == [
        3, 2, 1, 400]  # fmt: skip
    assert table.loc[("missed_infections", 1), "cost"] == 5 * 400
    assert table.loc[("isolated_for_nothing", 1), "cost"] == -2 * 250
    assert table.loc[("waiting_time", 1), "cost"] == pytest.approx(7198 / 3600 * 12)
    assert set(table["currency"]) == {"EUR"}


def test_without_a_twin_there_is_no_difference():
    run = {name: np.ones(3) for name in OUTCOMES}
    table = outcomes_by_day("all", run, None, OUTCOMES, step=24 * HOURS)
    assert table["difference"].isna().all()
    assert (table["run"] == 1).all()


@pytest.mark.parametrize(
    ("time", "together"), [(0.0, 0), (45.0, 0.75), (60.0, 1), (150.0, 5), (1e9, 7), (math.inf, 7)]
)
def test_until_holds_what_is_over_and_a_share_of_what_is_not(time: float, together: float):
    assert until(np.array([1.0, 2.0, 4.0]), 60.0, time) == together


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=60), st.floats(0, 4000))
def test_within_a_cell_it_comes_together_steadily(cells: list[int], alert: float):
    edges, so_far = 60.0 * np.arange(len(cells) + 1), np.append(0.0, np.cumsum(cells))
    together = until(np.array(cells, float), 60.0, alert)
    assert together == pytest.approx(np.interp(alert, edges, so_far), abs=1e-9)


def test_a_day_that_is_not_over_is_a_day():
    [days] = by_day({"x": np.ones(31)}, 3600.0).values()
    assert days.tolist() == [24, 7]
