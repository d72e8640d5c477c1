"""Gains from made-up runs whose slopes are known."""

import numpy as np
import pandas as pd
import pytest

from mlsim.studies.gains import per_point, slope, steps_table

STEPS = ("first", "second", "third")


def runs(quality, outcome, noise: float = 0.0, seeds: int = 6) -> pd.DataFrame:
    """A variant for each step, and for each seed a level of its own."""
    rng = np.random.default_rng(3)
    rows = []
    for seed in range(seeds):
        level = rng.normal(0, 50)
        for step, q, o in zip(STEPS, quality, outcome, strict=True):
            values = {"quality.m": q, "cost": o + level + noise * rng.normal(), "latency": 1.0}
            rows += [(step, seed, name, value) for name, value in values.items()]
    return pd.DataFrame(rows, columns=["variant", "seed", "measure", "value"])


def test_the_slope_is_that_of_the_line_whatever_level_a_seed_has():
    found = slope(runs([0.7, 0.8, 0.9], [100, 90, 80]), "quality.m", "cost")
    assert found.interval.estimate == pytest.approx(-100)
    assert found.interval.high - found.interval.low == pytest.approx(0, abs=1e-6)
    assert per_point(found).estimate == pytest.approx(-1)
    assert found.flips == ()


def test_a_sign_that_flips_is_named_at_its_step():
    assert slope(runs([0.7, 0.8, 0.9], [100, 90, 130]), "quality.m", "cost").flips == ("third",)
    assert slope(runs([0.7, 0.8, 0.9], [100, 130, 90]), "quality.m", "cost").flips == ("third",)


def test_a_flip_within_the_noise_is_none():
    noisy = runs([0.7, 0.8, 0.9], [100, 90, 91], noise=20)
    assert slope(noisy, "quality.m", "cost").flips == ()


def test_each_step_is_held_against_the_first_and_its_effect_against_the_one_before():
    table = steps_table(runs([0.7, 0.8, 0.9], [100, 90, 130]), "quality.m", "cost", "latency")
    assert list(table["step"]) == list(STEPS)
    assert table["difference"].tolist() == pytest.approx([0, -10, 30])
    assert table["effect"].tolist() == ["", "down", "up"]
    assert table["quality"].tolist() == pytest.approx([0.7, 0.8, 0.9])


def test_without_a_change_of_quality_there_is_no_slope():
    found = slope(runs([0.7, 0.7, 0.7], [100, 90, 80]), "quality.m", "cost")
    assert np.isnan(found.interval.estimate)
