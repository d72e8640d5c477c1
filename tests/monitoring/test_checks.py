"""Checks on data, against a direct computation over the same rows."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsim.monitoring.checks.base import Check
from mlsim.monitoring.checks.drift import Drift
from mlsim.monitoring.checks.range import Range
from mlsim.monitoring.checks.runner import Checks, Watch
from mlsim.monitoring.stability import stability_index
from mlsim.telemetry.labels import Matcher
from mlsim.telemetry.store import SeriesStore
from tests.worlds import CLINIC, DAY, HOUR, World, loaded

HORIZON = DAY
RANDOM = np.random.default_rng(1)
arrived = np.sort(RANDOM.uniform(-DAY, DAY, 6000))
VALUES = RANDOM.normal(37, 1, arrived.size) + (arrived > 12 * HOUR)
VALUES[::50] = np.nan

RANGE = Range(column="temperature", min=36, max=38.5, every="15min", window="1h")
DRIFT = Drift(column="temperature", reference=("-1d", "0d"), every="1h", window="6h")
LATER = Drift(column="temperature", reference=("0h", "6h"), every="1h", window="1h")


def seen(check: Check, cuts: set[int] = frozenset()) -> tuple[np.ndarray, np.ndarray]:
    watch = Watch(check, HORIZON)
    for rows in np.split(np.arange(arrived.size), sorted(cuts)):
        watch.see(arrived[rows], VALUES[rows])
    return watch.results()


def window(check: Check, evaluation: int) -> np.ndarray:
    end = evaluation * check.every
    return VALUES[(arrived > max(0.0, end - check.window)) & (arrived <= end)]


@pytest.mark.parametrize("evaluation", [1, 3, 40, 60, 96])
def test_range_is_the_share_outside_of_the_window(evaluation: int):
    """A missing value lies outside."""
    share, rows = seen(RANGE)
    inside = window(RANGE, evaluation)
    assert rows[evaluation] == inside.size
    expected = np.mean(~((inside >= 36) & (inside <= 38.5)))
    assert share[evaluation] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("check", "evaluation"), [(DRIFT, 1), (DRIFT, 11), (DRIFT, 24), (LATER, 9)]
)
def test_drift_is_the_population_stability_index(check: Drift, evaluation: int):
    start, end = check.reference
    reference = VALUES[(arrived >= start) & (arrived < end)]
    reference = reference[~np.isnan(reference)]
    edges = [-np.inf, *np.quantile(reference, np.arange(0.1, 0.95, 0.1)), np.inf]
    now = window(check, evaluation)
    now = now[~np.isnan(now)]
    # numpy's bins are open on the right and ours on the left: count the negatives.
    q = np.histogram(-reference, -np.array(edges[::-1]))[0] / reference.size
    p = np.maximum(np.histogram(-now, -np.array(edges[::-1]))[0], 0.5) / now.size
    index, rows = seen(check)
    assert rows[evaluation] == now.size
    assert index[evaluation] == pytest.approx(np.sum((p - q) * np.log(p / q)), rel=1e-9)


def test_a_check_is_silent_until_its_reference_is_over():
    index, rows = seen(LATER)
    assert np.isnan(index[:7]).all()
    assert not rows[:7].any()
    assert np.isfinite(index[7:25]).all()
    assert index[13:25].min() > index[7:13].max(), "at noon the mean moves by a standard deviation"


@pytest.mark.parametrize("check", [RANGE, DRIFT, LATER], ids=["range", "drift", "later"])
@given(cuts=st.sets(st.integers(1, arrived.size - 1), max_size=8))
@settings(max_examples=20, deadline=None)
def test_results_do_not_depend_on_how_rows_are_cut_into_blocks(check: Check, cuts: set[int]):
    for cut, whole in zip(seen(check, cuts), seen(check), strict=True):
        np.testing.assert_array_equal(cut, whole)


def test_without_a_reference_there_is_no_drift():
    early = Drift(column="x", reference=("-3d", "-2d"), every="1h")
    assert np.isnan(seen(early)[0]).all()


def test_false_alarms_of_folk_thresholds_agree_with_the_known_shares():
    """Equal distributions in ten equal bins; 20,000 windows there and here, four standard errors.

    Source of the figures: a Monte Carlo of their own, handed in with the project.
    """
    random, n = np.random.default_rng(3), 20_000
    with (Path(__file__).parents[1] / "data/truth/psi_null.csv").open() as file:
        for row in csv.DictReader(file):
            shares = random.multinomial(int(row["n_ref"]), [0.1] * 10, n) / int(row["n_ref"])
            counts = random.multinomial(int(row["m_cur"]), [0.1] * 10, n)
            index = np.array(
                [stability_index(c[None], s)[0] for c, s in zip(counts, shares, strict=True)]
            )
            for threshold in ("0.1", "0.2", "0.25"):
                known, found = float(row[f"FA_{threshold}_mc"]), np.mean(index > float(threshold))
                error = math.sqrt(2 * max(known * (1 - known), 1 / n) / n)
                assert abs(found - known) < 4 * error


def test_a_gauge_keeps_its_value_between_two_evaluations():
    world = World(loaded(CLINIC), faults=[])
    checks = Checks({"hot": RANGE}, ["telemetry"], 2 * DAY)
    for block in world.collected:
        checks.on_collected("telemetry", block)
    store = SeriesStore(np.arange(-HOUR, 2 * DAY + 1, 300.0))
    checks.write(store)
    [block] = store.select([Matcher("__name__", "=", "data_check_rows")])
    assert block.times[0] == 0.0
    assert dict(block.labels[0])["column"] == "temperature"
    values = block.values[0]
    assert np.all(values[3:6] == values[3])
    assert values[3] != values[6]
    end = np.concatenate([one.log.end for one in world.collected])
    assert values[12 * 12] == np.sum((end > 11 * HOUR) & (end <= 12 * HOUR))
