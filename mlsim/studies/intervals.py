"""Confidence intervals: of a mean, of a share, and of the difference of two paired ones."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats


class Interval(NamedTuple):
    """An estimate and the two ends of its confidence interval; NaN where too few runs tell."""

    estimate: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """From the estimate to the end that is further away."""
        return max(self.estimate - self.low, self.high - self.estimate)


ENOUGH_FOR_SKEWNESS = 10
"""Values from which on their skewness can be estimated at all."""


def of_mean(values: ArrayLike, level: float = 0.95) -> Interval:
    """Student's interval of a mean, corrected for skewness; without an end for a single value.

    From ten values on the correction is Willink's ("A confidence interval and test for the mean of
    an asymmetric distribution", Communications in Statistics 34, 2005). Costs and times to detect
    are skewed, and Student's own interval misses the mean of 20 exponential values in 8% of cases
    instead of 5%. Where the values lie symmetrically both are the same.

    >>> [round(end, 2) for end in of_mean([4.1, 3.9, 4.4, 4.0])]
    [4.1, 3.76, 4.44]
    """
    sample = np.asarray(values, dtype=float)
    if sample.size < 2:
        mean = float(sample.mean()) if sample.size else math.nan
        return Interval(mean, math.nan, math.nan)
    mean, error = float(sample.mean()), float(stats.sem(sample))
    quantile = float(stats.t.ppf(0.5 + level / 2, sample.size - 1))
    skewness = 0.0
    if sample.size >= ENOUGH_FOR_SKEWNESS and np.ptp(sample) > 1e-12 * abs(mean):
        skewness = float(stats.skew(sample, bias=False)) / (6 * math.sqrt(sample.size))
    low, high = (_willink(side * quantile, skewness) for side in (1, -1))
    return Interval(mean, mean - low * error, mean - high * error)


def _willink(quantile: float, skewness: float) -> float:
    """A quantile of Student's t as it has to be for a sample with this skewness of its mean."""
    if abs(skewness) < 1e-9:
        return quantile
    return (math.cbrt(1 + 6 * skewness * (quantile - skewness)) - 1) / (2 * skewness)


def of_share(successes: int, runs: int, level: float = 0.95) -> Interval:
    """Wilson's score interval of a share (1927); [0, 1] where nothing was tried.

    >>> [round(end, 3) for end in of_share(81, 263)]
    [0.308, 0.255, 0.366]
    """
    if runs == 0:
        return Interval(math.nan, 0.0, 1.0)
    found = stats.binomtest(successes, runs).proportion_ci(level, method="wilson")
    return Interval(successes / runs, float(found.low), float(found.high))


def of_share_difference(
    before: NDArray[np.float64], after: NDArray[np.float64], level: float = 0.95
) -> Interval:
    """Newcombe's score interval of the difference of two paired shares, after minus before.

    before, after: 0 or 1 in each run. Unlike Student's it doesn't shrink to a point where all runs
    agree. Source: Newcombe, "Improved confidence intervals for the difference between binomial
    proportions based on paired data", Statistics in Medicine 17 (1998), method 10.
    """
    first, second, runs = after > 0.5, before > 0.5, after.size
    both = int((first & second).sum())
    only_first, only_second = int((first & ~second).sum()), int((~first & second).sum())
    one = of_share(both + only_first, runs, level)
    other = of_share(both + only_second, runs, level)
    phi = _phi(both, only_first, only_second, runs - both - only_first - only_second)
    difference = one.estimate - other.estimate
    down = _reach(one.estimate - one.low, other.high - other.estimate, phi)
    up = _reach(one.high - one.estimate, other.estimate - other.low, phi)
    return Interval(difference, difference - down, difference + up)


def _reach(own: float, other: float, phi: float) -> float:
    return math.sqrt(max(own**2 - 2 * phi * own * other + other**2, 0.0))


def _phi(a: int, b: int, c: int, d: int) -> float:
    """The correlation of a paired table, corrected as in Newcombe's method 10."""
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    if margins == 0:
        return 0.0
    excess, runs = a * d - b * c, a + b + c + d
    corrected = max(excess - runs / 2, 0.0) if excess > 0 else float(excess)
    return corrected / math.sqrt(margins)
