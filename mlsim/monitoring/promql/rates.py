"""rate and increase: how fast a counter grows, from samples that don't meet the range's ends."""

from dataclasses import replace

import numpy as np

from mlsim.monitoring.promql.folding import fold
from mlsim.monitoring.promql.selectors import Windows
from mlsim.monitoring.promql.vector import Floats

NEAR = 1.1
"""Samples nearer to an end of the range than this many mean intervals are taken to reach it."""


def rate(windows: Windows) -> Floats:
    """Growth per second, float64[n, S]."""
    return increase(windows) / ((windows.right - windows.left) / 1000)


def increase(windows: Windows) -> Floats:
    """Growth over the range, resets taken out and extrapolated to the range's ends.

    Source: extrapolatedRate of Prometheus (promql/functions.go).
    """
    oldest = windows.values[:, windows.first]
    grown = windows.values[:, windows.last - 1] - oldest + _resets(windows)
    sampled = (windows.times[windows.last - 1] - windows.times[windows.first]) / 1000
    interval = sampled / (windows.count - 1)
    before = (windows.times[windows.first] - windows.left) / 1000
    after = (windows.right - windows.times[windows.last - 1]) / 1000
    before_zero = np.where((grown > 0) & (oldest >= 0), sampled * (oldest / grown), np.inf)
    if windows.prometheus == 2:
        start = _reach(np.minimum(before, before_zero), interval)
    else:
        start = np.minimum(_reach(before, interval), before_zero)
    return grown * ((sampled + start + _reach(after, interval)) / sampled)


def _reach(distance: Floats, interval: Floats) -> Floats:
    return np.where(distance < interval * NEAR, distance, interval / 2)


def _resets(windows: Windows) -> Floats | float:
    """What the counter had reached at each of its resets within a window, added up."""
    before, after = windows.values[:, :-1], windows.values[:, 1:]
    fallen = np.zeros_like(windows.values)
    fallen[:, 1:] = np.where(after < before, before, 0.0)
    if not fallen.any():
        return 0.0
    # The window's first sample has nothing before it within the window.
    inner = replace(windows, first=np.minimum(windows.first + 1, windows.last))
    return fold(inner, (fallen,), (np.zeros((1, 1)),), lambda a, b: (a[0] + b[0],))[0]
