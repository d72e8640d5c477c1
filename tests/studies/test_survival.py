"""Kaplan-Meier medians against published numbers and closed forms."""

import math

import numpy as np
import pytest
from scipy import stats

from mlsim.studies.survival import median_time

# Freireich and others, Blood 21 (1963): weeks in remission of 21 children under 6-MP. Kleinbaum and
# Klein, "Survival Analysis" (3rd ed., p. 33 and 70), have the curve; the interval is Stata's.
REMISSION = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


def test_the_median_of_a_published_sample_and_its_interval():
    assert median_time(REMISSION, RELAPSED) == (23, 13, math.inf)


def test_the_order_of_the_sample_is_of_no_matter():
    order = np.random.default_rng(2).permutation(21)
    shuffled = np.array(REMISSION)[order], np.array(RELAPSED)[order]
    assert median_time(*shuffled) == median_time(REMISSION, RELAPSED)


def test_without_censoring_it_is_the_median_of_the_sample():
    times = np.random.default_rng(3).exponential(size=41)
    assert median_time(times, np.ones(41)).estimate == np.median(times)


def test_nothing_noticed_is_never():
    assert median_time([5, 5, 5], [0, 0, 0]) == (math.inf, math.inf, math.inf)


def test_less_than_half_noticed_has_no_median():
    assert median_time([1, 5, 5, 5], [1, 0, 0, 0]).estimate == math.inf


@pytest.mark.parametrize("censored_at", [1.0, 2.5])
def test_the_interval_contains_the_truth(censored_at: float):
    """Exponential times to the end of an observation: the median is ln 2."""
    rng = np.random.default_rng(4)
    inside = 0
    for _ in range(400):
        times = rng.exponential(size=60)
        found = median_time(np.minimum(times, censored_at), times <= censored_at)
        inside += found.low <= math.log(2) <= found.high
    # Within three standard errors of what 95% would give, and Brookmeyer and Crowley found that
    # their interval has a little more or less at this size.
    assert stats.binomtest(inside, 400, 0.95).pvalue > 0.002
