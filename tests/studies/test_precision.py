"""Intervals contain the truth as often as they say: at a fixed size, and when stopped early."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mlsim.studies.differences import difference_of
from mlsim.studies.precision import AT_LEAST, Precision, relative_to_estimate

STUDIES = 200


def pairs(rng: np.random.Generator, runs: int) -> tuple[np.ndarray, np.ndarray]:
    """Costs of two variants with common luck: means 10 and 11, and a difference that is skewed."""
    common = rng.gamma(4, 2.5, runs)
    return common, common + rng.exponential(1.0, runs)


def stopped_at(before: np.ndarray, after: np.ndarray, share: float) -> int:
    """Where the rule stops: it looks after each run."""
    for runs in range(AT_LEAST, before.size + 1):
        size = max(before[:runs].mean(), after[:runs].mean())
        interval = difference_of(before[:runs], after[:runs], 0.95)
        if interval.half_width <= relative_to_estimate(share) * size:
            return runs
    return before.size


def test_precision_stops_where_the_rule_says():
    rng = np.random.default_rng(7)
    before, after = pairs(rng, 400)
    stop = stopped_at(before, after, 0.02)
    precision = Precision(0.02, "a", ["m"])
    for runs in (stop - 1, stop):
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
        assert precision.reached(pd.DataFrame(row)).all() == (runs == stop)


def test_fixed_intervals_contain_the_truth_in_95_percent_of_studies():
    rng = np.random.default_rng(21)
    intervals = [difference_of(*pairs(rng, 30), 0.95) for _ in range(STUDIES)]
    inside = sum(one.low <= 1.0 <= one.high for one in intervals)
    assert 0.92 <= inside / STUDIES <= 0.98
    # And they are not much wider than for symmetric values: twice Student's quantile.
    width = 2 * stats.t.ppf(0.975, 29) / np.sqrt(30)
    assert np.mean([one.high - one.low for one in intervals]) < 1.3 * width


@pytest.mark.parametrize(
    "share",
    [
        pytest.param(0.015, marks=pytest.mark.long),
        pytest.param(0.02, marks=pytest.mark.long),
        0.03,
    ],
)
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
    # About as many as a normal interval needs for this half-width.
    needed = (1.96 * (1 + share) / (share * 11)) ** 2
    assert needed < np.mean(sizes) < 1.5 * needed + 5


def test_a_share_of_runs_is_precise_to_so_much_of_one():
    rows = {"measure": ["detected.a"], "runs": [400], "baseline": [0.0], "mean": [0.02]}
    rows |= {"difference": [0.02], "low": [0.01], "high": [0.05]}
    frame = pd.DataFrame(rows)
    assert Precision(0.05, "a", ["detected.a"], shares=["detected.a"]).reached(frame).all()
    assert not Precision(0.02, "a", ["detected.a"], shares=["detected.a"]).reached(frame).any()
