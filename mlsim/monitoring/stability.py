"""The population stability index, for checks that hold a distribution against another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Deciles:
    """edges: float64[9], deciles of the reference. shares: float64[10], of its rows per bin."""

    edges: Values
    shares: Values


def deciles_of(values: Values) -> Deciles:
    """The deciles of n values, none of them missing."""
    edges = np.quantile(values, np.arange(1, 10) / 10)
    counts = np.bincount(np.searchsorted(edges, values, side="left"), minlength=10)
    return Deciles(edges, counts / counts.sum())


def stability_index(counts: Counts, shares: Values) -> Values:
    """PSI of each window against the reference's shares; NaN for a window without rows.

    >>> stability_index(np.array([[50, 50], [90, 10]]), np.array([0.5, 0.5])).round(3)
    array([0.   , 0.879])
    """
    total = counts.sum(axis=1, keepdims=True)
    some = np.maximum(total, 1)
    p = np.maximum(counts, 0.5) / some
    q = np.maximum(shares, 0.5 / some)
    index = ((p - q) * np.log(p / q)).sum(axis=1)
    return np.where(total[:, 0] > 0, index, np.nan)
