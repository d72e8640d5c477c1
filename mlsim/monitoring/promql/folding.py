"""Folds over sliding windows: sum, extremes and variance of every step's samples, at once."""

from collections.abc import Callable

import numpy as np

from mlsim.monitoring.promql.selectors import Windows
from mlsim.monitoring.promql.vector import Floats

Parts = tuple[Floats, ...]
Combine = Callable[[Parts, Parts], Parts]


def fold(windows: Windows, leaves: Parts, identity: Parts, combine: Combine) -> Parts:
    """Combine the leaves of each step's window, in order of time.

    leaves: arrays [n, T], the state that each sample alone gives.
    identity: arrays of one element, the state that changes nothing when it stands on the left.
    combine: the state of two neighbouring stretches of samples, from the states of each.

    Level k holds the states of all stretches of 2**k samples; a window is cut into stretches by
    the binary digits of its length. That takes log(length) passes, and, unlike differences of
    running sums, the result depends on nothing but the samples inside the window.
    """
    shape = (len(windows.labels), windows.count.size)
    total = tuple(np.broadcast_to(part, shape).copy() for part in identity)
    position = windows.first.copy()
    width = 1
    while windows.count.size and width <= windows.count.max():
        cut = (windows.count & width) > 0
        where = slice(None) if cut.all() else np.flatnonzero(cut)
        taken = position[where]
        grown = combine(_columns(total, where), _columns(leaves, taken))
        for part, new in zip(total, grown, strict=True):
            part[:, where] = new
        position[where] += width
        leaves = combine(_columns(leaves, slice(-width)), _columns(leaves, slice(width, None)))
        width *= 2
    return total


def _columns(parts: Parts, where: object) -> Parts:
    return tuple(part[:, where] for part in parts)  # type: ignore[index]


def add_exactly(left: Parts, right: Parts) -> Parts:
    """Add numbers given as (sum, what rounding took from it): Knuth's two-sum.

    >>> total = add_exactly((np.array([1e100]), np.zeros(1)), (np.array([1.0]), np.zeros(1)))
    >>> rounded(add_exactly(total, (np.array([-1e100]), np.zeros(1))))
    array([1.])
    """
    total = left[0] + right[0]
    taken = total - left[0]
    lost = (left[0] - (total - taken)) + (right[0] - taken)
    return total, left[1] + right[1] + np.where(np.isfinite(lost), lost, 0.0)


def rounded(parts: Parts) -> Floats:
    """The number that `add_exactly` has kept in two parts."""
    return parts[0] + parts[1]
