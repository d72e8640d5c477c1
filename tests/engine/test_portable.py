"""Portable functions against the C library in extended precision, and against scipy."""

import numpy as np
import pytest
from scipy.special import ndtri

from mlsim.engine import draws, portable

KEY = draws.stream(1, "test")
U = draws.uniform(KEY, np.arange(200_000))


def ulps(got: np.ndarray, truth: np.ndarray) -> float:
    """Largest error in units of the last place of the true value."""
    spacing = np.spacing(np.abs(truth).astype(np.float64))
    return float(np.max(np.abs(got - truth) / spacing))


def test_log_within_one_ulp():
    x = np.concatenate([U, 1.0 + (U - 0.5) * 1e-3, np.exp2((U - 0.5) * 2000.0)])
    assert ulps(draws.log_of(x), np.log(x.astype(np.longdouble))) < 1.0


def test_exp_within_one_ulp():
    x = np.concatenate([(U - 0.5) * 1400.0, (U - 0.5) * 1e-3])
    assert ulps(draws.exp_of(x), np.exp(x.astype(np.longdouble))) < 1.0


def test_normal_quantile_agrees_with_scipy():
    p = np.concatenate([U, U * 1e-12, U * 1e-300, 1.0 - U * 1e-9])
    np.testing.assert_allclose(draws.normal_quantile_of(p), ndtri(p), rtol=2e-14, atol=1e-15)


def test_cosine_of_a_turn():
    x = (U - 0.5) * 20.0
    truth = np.cos(2.0 * np.longdouble("3.14159265358979323846264") * x.astype(np.longdouble))
    assert np.max(np.abs(draws.cos2pi_of(x) - truth)) < 1e-15
    assert draws.cos2pi_of([0.0, 0.25, 0.5, 0.75, 1.0, -0.5]).tolist() == [1, 0, -1, 0, 1, -1]


def test_edges():
    assert draws.log_of([0.0, 1.0, np.inf]).tolist() == [-np.inf, 0.0, np.inf]
    assert draws.exp_of([-np.inf, -800.0, 0.0, 800.0]).tolist() == [0.0, 0.0, 1.0, np.inf]
    assert draws.normal_quantile_of([0.0, 0.5, 1.0]).tolist() == [-np.inf, 0.0, np.inf]
    assert np.isnan([*draws.log_of([-1.0, np.nan]), *draws.exp_of([np.nan])]).all()
    assert draws.log_of([5e-324])[0] == pytest.approx(-744.4400719213812, rel=1e-15)


def test_scalars_are_the_columns():
    x = U[:500]
    for scalar, column in (
        (portable.log, draws.log_of),
        (portable.exp, draws.exp_of),
        (portable.normal_quantile, draws.normal_quantile_of),
        (portable.cos2pi, draws.cos2pi_of),
    ):
        assert [scalar(v) for v in x.tolist()] == column(x).tolist()
