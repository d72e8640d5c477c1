"""Counting events into the cells of a scrape grid, compiled.

An event belongs to the cell of the first scrape at or after it, so that a counter read at that
scrape contains it, and one read a moment before does not.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.jit import compiled, kernel_step

BUCKETS = np.array([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])
"""Upper bounds of duration histograms in seconds: the default of Prometheus's clients."""

NANOSECONDS = 1e9
"""In a second. Durations are added up in them: whole numbers give one sum in any order."""

Times = NDArray[np.float64]


@compiled
def cell_of(time: float, interval: float, first: int, cells: int) -> int:
    """The cell of the first scrape at or after `time`; -1 if it lies outside of the grid."""
    cell = math.ceil(time / interval) - first
    return cell if 0 <= cell < cells else -1


@compiled
def count(
    rows: NDArray[Any], times: Times, interval: float, first: int, counts: NDArray[np.int32]
) -> None:
    """Add one to counts[row, cell of its time] for each event; counts: int32[rows, cells]."""
    for i in range(times.size):
        _count_one(counts, rows[i], times[i], interval, first)


@kernel_step
def _count_one(
    counts: NDArray[np.int32], row: int, time: float, interval: float, first: int
) -> None:
    cell = cell_of(time, interval, first, counts.shape[1])
    if cell >= 0:
        counts[row, cell] += 1


@compiled
def count_durations(
    rows: NDArray[Any],
    starts: Times,
    ends: Times,
    interval: float,
    first: int,
    buckets: NDArray[np.int32],
    sums: NDArray[np.int64],
) -> None:
    """Enter end - start at its end.

    buckets: int32[rows, cells, 12], sums: int64[rows, cells] in nanoseconds.
    """
    cells = sums.shape[1]
    for i in range(ends.size):
        cell = cell_of(ends[i], interval, first, cells)
        if cell >= 0:
            duration = ends[i] - starts[i]
            bucket = 0
            while bucket < BUCKETS.size and duration > BUCKETS[bucket]:
                bucket += 1
            buckets[rows[i], cell, bucket] += 1
            sums[rows[i], cell] += np.int64(duration * NANOSECONDS + 0.5)


@compiled
def count_passage(
    rows: NDArray[Any],
    replicas: NDArray[np.int32],
    arrivals: Times,
    starts: Times,
    ends: Times,
    interval: float,
    first: int,
    came: NDArray[np.int32],
    began: NDArray[np.int32],
    left: NDArray[np.int32],
    gone: NDArray[np.int32],
) -> None:
    """Count visits that came, were begun by a replica and left it, or went without; all int32[rows,
    cells].
    """
    for i in range(ends.size):
        _count_one(came, rows[i], arrivals[i], interval, first)
        if replicas[i] >= 0:
            _count_one(began, rows[i], starts[i], interval, first)
            _count_one(left, rows[i], ends[i], interval, first)
        else:
            _count_one(gone, rows[i], ends[i], interval, first)


@compiled
def add_work(
    rows: NDArray[Any],
    replicas: NDArray[np.int32],
    starts: Times,
    ends: Times,
    shares: Times,
    needs: Times,
    interval: float,
    first: int,
    since_day_0: Times,
    visits: NDArray[np.int64],
    needed: Times,
    squares: Times,
) -> None:
    """Add what visits have taken of their workers, one by one, in order of time: a sum of sums
    would depend on how visits come in blocks. The last four are those of `work.Work`.
    """
    cells = needed.shape[1]
    for i in range(ends.size):
        row, replica = rows[i], replicas[i]
        if replica >= 0:
            since = max(ends[i] - max(starts[i], 0.0), 0.0)
            since_day_0[row, replica] += since * shares[i]
            visits[row, replica] += ends[i] > 0.0
            cell = cell_of(ends[i], interval, first, cells)
            if cell >= 0:
                needed[row, cell] += needs[i]
                squares[row] += needs[i] * needs[i]
