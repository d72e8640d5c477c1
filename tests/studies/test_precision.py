"""Intervals contain the truth as often as they say: at a fixed size, and when stopped early."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mlsim.studies.differences import difference_of
from mlsim.studies.precision import AT_LEAST, Precision

STUDIES = 200


def pairs(rng: np.random.Generator, runs: int) -> tuple[np.ndarray, np.ndarray]:
    """Costs of two variants with common luck: means 10 and 11, and a difference that is skewed."""
    common = rng.gamma(4, 2.5, runs)
    return common, common + rng.exponential(1.0, runs)


def stopped_at(before: np.ndarray, after: np.ndarray, share: float) -> int:
    """Where `Precision` stops, looking after each run."""
    precision = Precision(share, "a", ["m"])
    for runs in range(AT_LEAST, before.size + 1):
        interval = difference_of(before[:runs], after[:runs], 0.95)
        row = {
            "measure": ["m"],
            "runs": [runs],
            "baseline": [before[:runs].mean()],
            "mean": [after[:runs].mean()],
            "difference": [interval.estimate],
            "low": [interval.low],
            "high": [interval.high],
        }
        if precision.reached(pd.DataFrame(row)).all():
            return runs
    return before.size


def test_fixed_intervals_contain_the_truth_in_95_percent_of_studies():
    rng = np.random.default_rng(21)
    intervals = [difference_of(*pairs(rng, 30), 0.95) for _ in range(STUDIES)]
    inside = sum(one.low <= 1.0 <= one.high for one in intervals)
    assert 0.92 <= inside / STUDIES <= 0.98
    # And they are no wider than they have to be: twice Student's quantile of a standard error.
    width = 2 * stats.t.ppf(0.975, 29) / np.sqrt(30)
    assert np.mean([one.high - one.low for one in intervals]) == pytest.approx(width, rel=0.05)


@pytest.mark.parametrize("share", [0.01, 0.02, 0.03])
def test_sequential_intervals_contain_the_truth_in_92_percent_of_studies(share: float):
    rng = np.random.default_rng(round(1000 * share))
    inside, sizes = 0, []
    for _ in range(STUDIES):
        before, after = pairs(rng, 800)
        runs = stopped_at(before, after, share)
        interval = difference_of(before[:runs], after[:runs], 0.95)
        inside += interval.low <= 1.0 <= interval.high
        sizes.append(runs)
        assert interval.half_width <= share * after[:runs].mean()
    assert inside / STUDIES >= 0.92
    # As many as Student's interval needs for this half-width, at least 20.
    needed = max((1.96 * (1 + share) / (share * 11)) ** 2, AT_LEAST)
    assert np.mean(sizes) == pytest.approx(needed, rel=0.25)


def test_a_share_of_runs_is_precise_to_so_much_of_one():
    rows = {"measure": ["detected.a"], "runs": [400], "baseline": [0.0], "mean": [0.02]}
    rows |= {"difference": [0.02], "low": [0.01], "high": [0.05]}
    frame = pd.DataFrame(rows)
    assert Precision(0.05, "a", ["detected.a"], shares=["detected.a"]).reached(frame).all()
    assert not Precision(0.02, "a", ["detected.a"], shares=["detected.a"]).reached(frame).any()
