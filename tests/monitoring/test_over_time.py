"""Functions of a range against plain Python, one window after the other."""

import math
import statistics
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsim.monitoring.promql import evaluate
from mlsim.telemetry.store import SeriesStore

numbers = st.floats(-1e12, 1e12, allow_subnormal=False) | st.sampled_from([0.1, 1e-9, 3.0])
series = st.lists(numbers, min_size=1, max_size=70).map(np.array)
widths = st.integers(1, 80)


def windows(values, width):
    """The samples, one second apart, that a range of `width` seconds holds at each of them."""
    return [values[max(0, k - width + 1) : k + 1] for k in range(values.size)]


def found(function, values, width, *first):
    store = SeriesStore(np.arange(float(values.size)))
    store.add("x", {}, values)
    arguments = ", ".join([*map(str, first), f"x[{width}s]"])
    return evaluate(f"{function}({arguments})", store, store.times).values[0]


@given(series, widths)
def test_sum_is_rounded_once(values, width):
    wanted = [math.fsum(window) for window in windows(values, width)]
    np.testing.assert_array_max_ulp(found("sum_over_time", values, width), np.array(wanted), 1)


@given(series, widths)
def test_mean_and_extremes(values, width):
    for function, plain in [("avg", statistics.fmean), ("min", min), ("max", max), ("count", len)]:
        wanted = [plain(window) for window in windows(values, width)]
        got = found(f"{function}_over_time", values, width)
        np.testing.assert_allclose(got, wanted, rtol=1e-15, atol=0)


@given(series, widths)
def test_variance(values, width):
    wanted = [_exact_variance(window) for window in windows(values, width)]
    # Errors are relative to the square of the largest value where values nearly agree.
    bound = 1e-14 * max(1e-18, np.abs(values).max() ** 2)
    got = found("stdvar_over_time", values, width)
    np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=bound)


def _exact_variance(window):
    exact = [Fraction(float(v)) for v in window]
    mean = sum(exact) / len(exact)
    return float(sum((v - mean) ** 2 for v in exact) / len(exact))


@given(series, widths, st.floats(0, 1))
def test_quantile(values, width, quantile):
    wanted = [np.quantile(window, quantile) for window in windows(values, width)]
    got = found("quantile_over_time", values, width, repr(quantile))
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-3)


def test_a_constant_has_no_variance():
    assert found("stdvar_over_time", np.full(50, 0.1), 37).max() == 0


def test_a_sum_may_pass_over_what_a_float_can_hold():
    """The mean of numbers whose sum is infinite is still their mean."""
    values = np.array([1.7e308, 1.7e308, 1.5e308])
    assert found("avg_over_time", values, 3)[-1] == pytest.approx(1.7e308 - 2e307 / 3)


@given(st.lists(st.integers(0, 50), min_size=2, max_size=60), st.integers(2, 70))
def test_increase_counts_resets(steps, width):
    """Where the range reaches over whole intervals, only the left end is extrapolated."""
    values = np.array(steps, dtype=float)
    got = found("increase", values, width)
    for k, window in enumerate(windows(values, width)):
        if window.size < 2:
            assert np.isnan(got[k])
            continue
        grown = sum(b if b < a else b - a for a, b in pairwise(window))
        sampled = window.size - 1
        # One interval lies before the first sample, as long as the counter was not at 0 by then.
        missing = width - sampled
        start = missing if missing < 1.1 else 0.5
        if grown > 0:
            start = min(start, sampled * window[0] / grown)
        assert got[k] == pytest.approx(grown * (sampled + start) / sampled, rel=1e-12)
