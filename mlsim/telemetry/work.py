"""Work: the time of their workers that visits to components have taken."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.network import Visits

Times = NDArray[np.float64]


class Work:
    """Seconds of workers, by component.

    batched: components whose workers serve several visits at once, each of which has its share of
    the time. since_day_0: float64[components], what was done from day 0 on. by_cell:
    float64[components, cells] of the scrape grid, of the services that ended in a cell.
    """

    def __init__(self, components: int, cells: int, batched: Collection[int]):
        self.since_day_0 = np.zeros(components)
        self.by_cell = np.zeros((components, cells))
        self._batched = tuple(batched)

    def add(self, visits: Visits, interval: float, first: int) -> None:
        """Add the work of a block of visits."""
        began = np.flatnonzero(visits.replica >= 0)
        station = visits.station[began].astype(np.int64)
        start, end = visits.start[began], visits.end[began]
        share = self._shares(station, visits.replica[began], start, end)
        # One by one, in order of time: a sum of sums would depend on how visits come in blocks.
        since = np.maximum(end - np.maximum(start, 0.0), 0.0)
        np.add.at(self.since_day_0, station, since * share)
        cell = np.ceil(end / interval).astype(np.int64) - first
        inside = (cell >= 0) & (cell < self.by_cell.shape[1])
        where = (station[inside], cell[inside])
        np.add.at(self.by_cell, where, ((end - start) * share)[inside])

    def _shares(
        self, station: NDArray[np.int64], replica: NDArray[np.int32], start: Times, end: Times
    ) -> Times:
        """What of its worker's time each visit has taken: 1, or less in a batch."""
        shares = np.ones(station.size)
        for one in self._batched:
            own = np.flatnonzero(station == one)
            batches = np.stack([replica[own], start[own], end[own]])
            _, batch, sizes = np.unique(batches, axis=1, return_inverse=True, return_counts=True)
            shares[own] = 1.0 / sizes[batch]
        return shares
