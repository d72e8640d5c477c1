"""Intervals against published numbers, SciPy, and how often they contain the truth."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from mlsim.studies.differences import differences, variance_reduction
from mlsim.studies.intervals import of_mean, of_share, of_share_difference


def test_the_interval_of_few_values_is_students():
    sample = np.random.default_rng(1).gamma(2, size=7)
    other = stats.ttest_1samp(sample, 0).confidence_interval(0.9)
    np.testing.assert_allclose(of_mean(sample, 0.9), (sample.mean(), other.low, other.high))


def test_the_interval_of_symmetric_values_is_students():
    half = np.random.default_rng(2).gamma(2, size=20)
    sample = np.concatenate([5 + half, 5 - half])
    other = stats.ttest_1samp(sample, 0).confidence_interval(0.95)
    np.testing.assert_allclose(of_mean(sample), (sample.mean(), other.low, other.high))


@pytest.mark.parametrize("sign", [1, -1])
def test_the_interval_contains_the_mean_of_skewed_values(sign: int):
    """Willink (2005) found 0.948 for 20 exponential values, and 0.92 for Student's."""
    rng = np.random.default_rng(3)
    found = [of_mean(sign * rng.exponential(size=20)) for _ in range(2000)]
    inside = sum(one.low <= sign <= one.high for one in found)
    assert stats.binomtest(inside, 2000, 0.948).pvalue > 0.01


def test_wilsons_interval_is_that_of_newcombes_paper():
    """81 of 263: Newcombe (1998), "Two-sided confidence intervals for the single proportion"."""
    np.testing.assert_allclose(of_share(81, 263)[1:], (0.2553, 0.3662), atol=5e-5)


def shares(both: int, first: int, second: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    after = np.repeat([1.0, 1, 0, 0], [both, first, second, neither])
    before = np.repeat([1.0, 0, 1, 0], [both, first, second, neither])
    return before, after


def test_paired_shares_that_never_differ_are_not_known_for_sure():
    interval = of_share_difference(*shares(0, 0, 0, 20))
    assert interval.estimate == 0
    assert interval.low < 0 < interval.high
    np.testing.assert_allclose(interval.high, -interval.low)


def test_the_other_way_round_the_difference_has_the_other_sign():
    before, after = shares(30, 9, 3, 8)
    one, other = of_share_difference(before, after), of_share_difference(after, before)
    np.testing.assert_allclose(one, (-other.estimate, -other.high, -other.low))


@pytest.mark.parametrize(("p_first", "p_second", "p_both"), [(0.8, 0.5, 0.45), (0.3, 0.3, 0.2)])
def test_the_interval_of_paired_shares_contains_the_truth(
    p_first: float, p_second: float, p_both: float
):
    """Exactly, over all tables of 25 runs: the probability that it contains the difference."""
    cells = [p_both, p_first - p_both, p_second - p_both, 1 - p_first - p_second + p_both]
    covered = 0.0
    for a, b, c in product(range(26), repeat=3):
        if a + b + c <= 25:
            counts = (a, b, c, 25 - a - b - c)
            interval = of_share_difference(*shares(*counts))
            if interval.low <= p_first - p_second <= interval.high:
                covered += stats.multinomial.pmf(counts, 25, cells)
    assert 0.93 < covered < 0.985


def tidy(before: np.ndarray, after: np.ndarray, measure: str = "m"):
    import pandas as pd

    parts = [
        pd.DataFrame({"variant": name, "seed": range(values.size), "measure": measure, "value": v})
        for name, values, v in (("a", before, before), ("b", after, after))
    ]
    return pd.concat(parts, ignore_index=True)


def test_a_difference_is_that_of_a_paired_t_test():
    rng = np.random.default_rng(5)
    before = rng.normal(10, 3, 9)
    after = before + rng.normal(1.5, 1, 9)
    (row,) = differences(tidy(before, after), "a").to_dict("records")
    test = stats.ttest_rel(after, before)
    interval = test.confidence_interval(0.95)
    np.testing.assert_allclose((row["low"], row["high"]), (interval.low, interval.high))
    assert row["decided"] == (test.pvalue < 0.05)
    assert row["sign"] == "more"


def test_what_pairing_saves_is_what_independent_runs_would_lack():
    """With correlation r and equal variances it is 1/(1 - r)."""
    rng = np.random.default_rng(6)
    common, own = rng.normal(size=200_000), rng.normal(size=(2, 200_000))
    before, after = np.sqrt(0.9) * common + np.sqrt(0.1) * own
    assert variance_reduction(before, after) == pytest.approx(10, rel=0.02)


def test_runs_that_failed_for_one_variant_are_left_out_for_both():
    table = tidy(np.array([1.0, 2, 3]), np.array([2.0, 4, 9]))
    table = table[~((table["variant"] == "b") & (table["seed"] == 2))]
    (row,) = differences(table, "a").to_dict("records")
    assert (row["runs"], row["baseline"], row["mean"]) == (2, 1.5, 3.0)


def test_equal_in_every_run_is_decided():
    values = np.array([1.0, 2, 3])
    (row,) = differences(tidy(values, values), "a").to_dict("records")
    assert (row["sign"], row["decided"], row["variance_reduction"]) == ("same", True, np.inf)
