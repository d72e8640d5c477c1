"""The `<aggregation>_over_time` functions: what the samples of a range amount to."""

import numpy as np

from mlsim.monitoring.promql.folding import Parts, add_exactly, fold, rounded
from mlsim.monitoring.promql.selectors import Windows
from mlsim.monitoring.promql.vector import Floats, Indices, Mask

NOTHING = np.zeros((1, 1))
UNKNOWN = np.full((1, 1), np.nan)
SCALE = 2.0**-64
"""Brings a sum of finite numbers that overflowed back into range, without rounding."""
SAMPLES_AT_A_TIME = 1_000_000
"""Size of the pieces in which quantiles are taken: they need all samples of a window in a row."""


def sum_over_time(windows: Windows) -> Floats:
    """The sum, as if it had been rounded only once."""
    leaves = (windows.values, np.zeros_like(windows.values))
    return rounded(fold(windows, leaves, (NOTHING, NOTHING), add_exactly))


def avg_over_time(windows: Windows) -> Floats:
    """The mean, also where the sum is too large for a float."""
    total = sum_over_time(windows)
    if np.isfinite(total).all():
        return total / windows.count
    leaves = (windows.values * SCALE, np.zeros_like(windows.values))
    scaled = rounded(fold(windows, leaves, (NOTHING, NOTHING), add_exactly))
    return np.where(np.isfinite(total), total / windows.count, scaled / windows.count / SCALE)


def min_over_time(windows: Windows) -> Floats:
    """The smallest sample that is a number."""
    # fmin and fmax pass over NaN, as Prometheus does, unless there is nothing else.
    return fold(windows, (windows.values,), (UNKNOWN,), lambda a, b: (np.fmin(a[0], b[0]),))[0]


def max_over_time(windows: Windows) -> Floats:
    """The largest sample that is a number."""
    return fold(windows, (windows.values,), (UNKNOWN,), lambda a, b: (np.fmax(a[0], b[0]),))[0]


def count_over_time(windows: Windows) -> Floats:
    """How many samples there are."""
    return _for_each_series(windows, windows.count.astype(np.float64))


def present_over_time(windows: Windows) -> Floats:
    """1 wherever there is a sample."""
    return _for_each_series(windows, np.ones(windows.count.size))


def last_over_time(windows: Windows) -> Floats:
    """The newest sample."""
    return windows.values[:, windows.last - 1]


def stdvar_over_time(windows: Windows) -> Floats:
    """The population variance."""
    values = windows.values
    leaves = (np.ones_like(values), values, np.zeros_like(values))
    count, _, squares = fold(windows, leaves, (NOTHING, NOTHING, NOTHING), _join_moments)
    return squares / count


def stddev_over_time(windows: Windows) -> Floats:
    """The population standard deviation."""
    return np.sqrt(stdvar_over_time(windows))


def _join_moments(left: Parts, right: Parts) -> Parts:
    """(count, mean, sum of squared deviations) of two samples put together: Chan et al. 1983."""
    count = left[0] + right[0]
    apart = right[1] - left[1]
    mean = left[1] + apart * (right[0] / count)
    return count, mean, left[2] + right[2] + apart**2 * (left[0] * right[0] / count)


def quantile_over_time(quantile: Floats, windows: Windows) -> Floats:
    """The quantile[S] of each step's samples, between two of them by straight line."""
    longest = int(windows.count.max(initial=1))
    pieces = -(-windows.count.size * longest // SAMPLES_AT_A_TIME)
    result = np.empty((len(windows.labels), windows.count.size))
    for steps in np.array_split(np.arange(windows.count.size), max(pieces, 1)):
        columns = windows.first[steps, None] + np.arange(longest)
        inside = columns < windows.last[steps, None]
        for row, values in enumerate(windows.values):
            samples = values[np.minimum(columns, values.size - 1)]
            result[row, steps] = _quantile(quantile[steps], samples, inside)
    return result


def _quantile(quantile: Floats, samples: Floats, inside: Mask) -> Floats:
    """Quantile[S] of those samples[S, W] that are inside; NaN counts as the smallest number."""
    unknown = (np.isnan(samples) & inside).sum(axis=1)
    ordered = np.sort(np.where(inside, samples, np.inf), axis=1)
    count = inside.sum(axis=1)
    rank = np.clip(quantile, 0, 1) * (count - 1)
    low = np.nan_to_num(np.floor(rank)).astype(np.int64)
    high = np.minimum(low + 1, count - 1)
    weight = rank - low
    inner = _at(ordered, low, unknown) * (1 - weight) + _at(ordered, high, unknown) * weight
    outside = [np.isnan(quantile), quantile < 0, quantile > 1]
    return np.select(outside, [np.nan, -np.inf, np.inf], inner)


def _at(ordered: Floats, index: Indices, unknown: Indices) -> Floats:
    position = np.maximum(index - unknown, 0)
    found = np.take_along_axis(ordered, position[:, None], axis=1)[:, 0]
    return np.where(index < unknown, np.nan, found)


def _for_each_series(windows: Windows, values: Floats) -> Floats:
    return np.broadcast_to(values, (len(windows.labels), values.size))
