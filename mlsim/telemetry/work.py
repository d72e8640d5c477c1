"""Work: the time of their workers that visits to components have taken."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.network import Station, Visits

Times = NDArray[np.float64]


def full_batch(station: Station) -> int:
    """How many visits a worker serves at once where more come than can be served."""
    waiting = station.batch if station.queue_limit is None else max(station.queue_limit, 1)
    return min(station.batch, waiting)


class Work:
    """Seconds of workers, by component.

    batched: components whose workers serve several visits at once, each of which has its share of
    the time. since_day_0, visits: float64 and int64[components, replicas], what was done from day
    0 on, and for how many visits. needed: float64[components, cells] of the scrape grid, what the
    services that ended in a cell would have taken if all batches had been full: few share the time
    of a worker that has little to do.
    """

    def __init__(self, components: int, cells: int, batched: Mapping[int, Station]):
        self.since_day_0 = np.zeros((components, 1))
        self.visits = np.zeros((components, 1), np.int64)
        self.needed = np.zeros((components, cells))
        self._batched = batched

    def add(self, visits: Visits, interval: float, first: int) -> None:
        """Add the work of a block of visits."""
        began = np.flatnonzero(visits.replica >= 0)
        station = visits.station[began].astype(np.int64)
        start, end, replica = visits.start[began], visits.end[began], visits.replica[began]
        share, needed = self._shares(station, replica, start, end)
        # One by one, in order of time: a sum of sums would depend on how visits come in blocks. By
        # flat places, since NumPy adds at pairs of them ten times as slowly.
        since = np.maximum(end - np.maximum(start, 0.0), 0.0)
        self.make_room(int(replica.max(initial=0)) + 1)
        where = station * self.visits.shape[1] + replica
        np.add.at(self.since_day_0.reshape(-1), where, since * share)
        self.visits += np.bincount(where[end > 0], minlength=self.visits.size).reshape(
            self.visits.shape
        )
        cell, cells = np.ceil(end / interval).astype(np.int64) - first, self.needed.shape[1]
        inside = (cell >= 0) & (cell < cells)
        np.add.at(self.needed.reshape(-1), (station * cells + cell)[inside], needed[inside])

    def make_room(self, replicas: int) -> None:
        """See to it that there is a place for so many replicas of each component."""
        missing = replicas - self.visits.shape[1]
        if missing > 0:
            more = ((0, 0), (0, missing))
            self.since_day_0 = np.pad(self.since_day_0, more)
            self.visits = np.pad(self.visits, more)

    def _shares(
        self, station: NDArray[np.int64], replica: NDArray[np.int32], start: Times, end: Times
    ) -> tuple[Times, Times]:
        """What of its worker's time each visit has taken, 1 or less in a batch; and the seconds
        that it would have taken in a full one.
        """
        shares, needed = np.ones(station.size), end - start
        for one, place in self._batched.items():
            own = np.flatnonzero(station == one)
            batches = np.stack([replica[own], start[own], end[own]])
            _, batch, sizes = np.unique(batches, axis=1, return_inverse=True, return_counts=True)
            size = sizes[batch]
            shares[own] = 1.0 / size
            full = np.maximum(size, full_batch(place))
            needed[own] = (needed[own] + (full - size) * place.per_item) / full
        return shares, needed
