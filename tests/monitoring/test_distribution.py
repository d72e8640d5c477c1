"""The check on a stated distribution, against what SciPy says of it."""

import numpy as np
import pytest
from scipy import stats

from mlsim.errors import ScenarioError
from mlsim.monitoring.checks.distribution import Distribution
from mlsim.monitoring.checks.runner import Watch
from mlsim.monitoring.spec import load_monitoring
from tests.worlds import CLINIC, HOUR, loaded

HORIZON = 12 * HOUR
N = 40_000
TIMES = np.linspace(1, HORIZON - 1, N)
RANDOM = np.random.default_rng(3)


def index(expected: str, values: np.ndarray) -> float:
    """What the check says of values that all come in one window."""
    check = Distribution(column="x", expected=expected, every="12h", window="12h")
    watch = Watch(check, HORIZON)
    watch.see(TIMES, values)
    return float(watch.results()[0][1])


@pytest.mark.parametrize(
    ("expected", "law"),
    [
        ("normal(37, 0.5)", stats.norm(37, 0.5)),
        ("exponential(mean=3)", stats.expon(scale=3)),
        ("uniform(2, 6)", stats.uniform(2, 4)),
        ("weibull(2, 1.5)", stats.weibull_min(1.5, scale=2)),
    ],
)
def test_what_is_as_expected_has_an_index_of_nothing(expected: str, law):
    """About 9 / n from the rows' own luck, and as much from that of the deciles."""
    assert index(expected, law.rvs(N, random_state=RANDOM)) < 0.002


@pytest.mark.parametrize("shift", [0.25, 1.0])
def test_what_has_moved_has_the_index_of_the_shift(shift: float):
    """p and q of the ten bins, from the normal distribution function."""
    edges = stats.norm.ppf(np.arange(0.1, 0.95, 0.1))
    p = np.diff([0, *stats.norm.cdf(edges - shift), 1])
    expected = np.sum((p - 0.1) * np.log(p / 0.1))
    found = index("normal(0, 1)", RANDOM.normal(shift, 1, N))
    assert found == pytest.approx(expected, rel=0.06)


def test_a_column_that_was_wrong_from_the_first_day_is_told():
    """A drift against earlier rows would call it normal."""
    assert index("normal(37, 0.5)", RANDOM.normal(98.6, 0.9, N)) > 2


def test_missing_values_do_not_count():
    values = stats.norm(37, 0.5).rvs(N, random_state=RANDOM)
    values[::3] = np.nan
    assert index("normal(37, 0.5)", values) < 0.002


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ("normal(age, 1)", "expected: must not depend on a column, as on age"),
        ("37", r"expected: must be a distribution such as normal\(37, 0.5\)"),
    ],
)
def test_refuses(tmp_path, expected: str, message: str):
    file = tmp_path / "watch.yml"
    file.write_text(
        f'checks:\n  shape: {{kind: distribution, column: temperature, expected: "{expected}"}}\n'
    )
    with pytest.raises(ScenarioError, match=rf"watch\.yml:2: checks\.shape\.{message}"):
        load_monitoring(file, loaded(CLINIC))
