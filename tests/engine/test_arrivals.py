"""Arrivals follow their rate, and a changed rate keeps the people that both variants share."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlsim.engine.arrivals import Arrivals, load_of, merge

DAY = 86400.0


def steady(rate: float, seed: int = 1, load: str = "jobs", number: int = 0) -> Arrivals:
    return Arrivals(lambda t: np.full(t.size, rate), lambda a, b: rate, seed, load, number)


def daily(times: np.ndarray) -> np.ndarray:
    return 0.5 * (1.0 + 0.8 * np.sin(2.0 * np.pi * times / DAY))


def test_gaps_of_a_constant_rate_are_exponential():
    times, _ = steady(3.0).between(-5000.0, 20_000.0)
    assert stats.kstest(np.diff(times) * 3.0, "expon").pvalue > 0.01


def test_counts_follow_the_integral_of_a_daily_rate():
    """Counts per hour against their expectation: a chi-square of independent Poissons."""
    source = Arrivals(daily, lambda a, b: 0.9, 5, "people", 2)
    times, _ = source.between(-DAY, 4 * DAY)
    counts, edges = np.histogram(times, bins=np.arange(-DAY, 4 * DAY + 1, 3600.0))
    middle = (edges[1:] + edges[:-1]) / 2.0
    expected = daily(middle) * 3600.0
    chi2 = float(((counts - expected) ** 2 / expected).sum())
    assert 0.005 < stats.chi2(counts.size).sf(chi2) < 0.995


def test_a_lower_rate_keeps_a_part_of_the_same_people():
    many_times, many = steady(4.0).between(0.0, 3000.0)
    few_times, few = steady(2.7).between(0.0, 3000.0)
    assert np.isin(few, many).all()
    assert np.isin(few_times, many_times).all()
    assert few.size == pytest.approx(2.7 / 4.0 * many.size, rel=0.05)


def test_a_loose_bound_changes_nothing():
    tight = Arrivals(daily, lambda a, b: 0.9, 5, "people", 0)
    loose = Arrivals(daily, lambda a, b: 40.0, 5, "people", 0)
    for mine, theirs in zip(tight.between(0.0, DAY), loose.between(0.0, DAY), strict=True):
        assert np.array_equal(mine, theirs)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.floats(-9000.0, 9000.0), min_size=3, max_size=6))
def test_cuts_do_not_matter(cuts):
    source = merge([steady(0.7), Arrivals(daily, lambda a, b: 0.9, 5, "people", 1)])
    cuts.sort()
    parts = [source.between(a, b) for a, b in pairwise(cuts)]
    times, ids = source.between(cuts[0], cuts[-1])
    assert np.array_equal(np.concatenate([t for t, _ in parts]), times)
    assert np.array_equal(np.concatenate([i for _, i in parts]), ids)


def test_merged_loads_are_in_order_and_known_by_their_ids():
    times, ids = merge([steady(1.0), steady(2.0, load="others", number=63)]).between(0.0, 2000.0)
    assert np.all(np.diff(times) >= 0.0)
    assert np.unique(ids).size == ids.size
    assert ids.min() >= 0
    assert np.bincount(load_of(ids))[[0, 63]] == pytest.approx([2000, 4000], rel=0.1)


def test_other_seeds_and_loads_bring_other_people():
    mine, _ = steady(1.0).between(0.0, 1000.0)
    for other in (steady(1.0, seed=2), steady(1.0, load="others")):
        assert not np.isin(mine, other.between(0.0, 1000.0)[0]).any()


def test_rates_from_nothing_to_many():
    assert steady(0.0).between(0.0, DAY)[0].size == 0
    assert steady(1.0).between(5.0, 5.0)[0].size == 0
    rare, _ = steady(1e-4).between(0.0, 100 * DAY)
    assert rare.size == pytest.approx(864, abs=4 * math.sqrt(864))
    crowd, _ = steady(30_000.0).between(10.0, 12.0)
    assert crowd.size == pytest.approx(60_000, abs=4 * math.sqrt(60_000))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (lambda: steady(1.0, number=64), r"'jobs': number must be in 0..63"),
        (lambda: steady(-1.0).between(0.0, 1.0), r"'jobs': rate must be in 0..8388608/s"),
        (lambda: steady(1e9).between(0.0, 1.0), r"'jobs': rate must be in"),
        (lambda: steady(1.0).between(0.0, 1e11), r"68 years before time 0 and 34 after"),
        (
            lambda: Arrivals(daily, lambda a, b: 0.1, 1, "jobs", 0).between(0.0, DAY),
            r"'jobs': rate .* is over its stated bound 0.1",
        ),
    ],
)
def test_refuses_what_ids_cannot_hold(source, message):
    with pytest.raises(ValueError, match=message):
        source()
