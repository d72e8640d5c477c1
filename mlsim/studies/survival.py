"""Times to detect, where some runs end before anybody noticed: Kaplan-Meier and its median."""

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from mlsim.studies.intervals import Interval


def median_time(times: ArrayLike, noticed: ArrayLike, level: float = 0.95) -> Interval:
    """The median of times that may be censored, with its interval; inf where it isn't reached.

    times: float[n], to the event or to the end of the observation. noticed: bool[n], whether the
    event came. The estimate is Kaplan and Meier's (1958), the interval that of Brookmeyer and
    Crowley (1982) over Greenwood's variance on the log-log scale.

    >>> median_time([5, 8, 8, 12, 20], [True, True, True, True, False]).estimate
    8.0
    """
    when, event = np.asarray(times, dtype=float), np.asarray(noticed, dtype=bool)
    if not event.any():
        return Interval(math.inf, math.inf if event.size else math.nan, math.inf)
    data = stats.CensoredData(uncensored=when[event], right=when[~event])
    survival: Any = stats.ecdf(data).sf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # no interval where all or none are left
        band = survival.confidence_interval(level, method="log-log")
    at = survival.quantiles
    low, high = band.low.probabilities, band.high.probabilities
    # Where nobody or everybody is left the formula has no answer; the estimate itself stands in.
    low = np.where(np.isnan(low), survival.probabilities, low)
    high = np.where(np.isnan(high), survival.probabilities, high)
    return Interval(
        _first_at_half(at, survival.probabilities),
        _first_at_half(at, low),
        _first_at_half(at, high),
    )


def _first_at_half(at: NDArray[np.float64], left: NDArray[np.float64]) -> float:
    """The first time at which at most half are left; inf for never."""
    # A share such as 0.5 may be reached only up to rounding.
    reached = np.flatnonzero(left <= 0.5 + 1e-12)
    return float(at[reached[0]]) if reached.size else math.inf
