"""Work: the time of their workers that visits to components have taken."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.network import Station, Visits
from mlsim.telemetry.folding import add_work

Times = NDArray[np.float64]


def full_batch(station: Station) -> int:
    """How many visits a worker serves at once where more come than can be served."""
    waiting = station.batch if station.queue_limit is None else max(station.queue_limit, 1)
    return min(station.batch, waiting)


def room(station: Station) -> float:
    """How many visits a replica can serve at once; inf if that is everybody."""
    if station.workers is None:
        return math.inf
    if station.sharing:
        return math.inf if station.at_once is None else station.at_once
    return station.workers * full_batch(station)


class Work:
    """Seconds of workers, by component.

    batched: components whose workers serve several visits at once, each of which has its share of
    the time. since_day_0, visits: float64 and int64[components, replicas], what was done from day
    0 on for visits that have ended, and how many these are. needed: float64[components, cells] of
    the scrape grid, what the services that ended in a cell would have taken if all batches had been
    full: few share the time of a worker that has little to do. squares: float64[components], of all
    of those added up.
    """

    def __init__(self, components: int, cells: int, batched: Mapping[int, Station]):
        self.since_day_0 = np.zeros((components, 1))
        self.visits = np.zeros((components, 1), np.int64)
        self.needed = np.zeros((components, cells))
        self.squares = np.zeros(components)
        self._batched = batched

    def add(self, visits: Visits, interval: float, first: int) -> None:
        """Add the work of a block of visits."""
        self.make_room(int(visits.replica.max(initial=0)) + 1)
        add_work(
            visits.station,
            visits.replica,
            visits.start,
            visits.end,
            *self._shares(visits),
            interval,
            first,
            self.since_day_0,
            self.visits,
            self.needed,
            self.squares,
        )

    def by(self, now: float, under_way: Visits) -> Times:
        """`since_day_0`, with what visits that are being served have taken by now."""
        serving = np.isfinite(under_way.start)
        begun = Visits._make(column[serving] for column in under_way)
        begun = begun._replace(end=np.full(begun.start.size, now))
        self.make_room(int(begun.replica.max(initial=0)) + 1)
        shares, _ = self._shares(begun)
        total = self.since_day_0.copy()
        taken = shares * np.maximum(now - np.maximum(begun.start, 0.0), 0.0)
        np.add.at(total, (begun.station, begun.replica), taken)
        return total

    def make_room(self, replicas: int) -> None:
        """See to it that there is a place for so many replicas of each component."""
        missing = replicas - self.visits.shape[1]
        if missing > 0:
            more = ((0, 0), (0, missing))
            self.since_day_0 = np.pad(self.since_day_0, more)
            self.visits = np.pad(self.visits, more)

    def _shares(self, visits: Visits) -> tuple[Times, Times]:
        """What of its worker's time each visit has taken, 1 or less where it wasn't alone; and the
        seconds that it would have taken in a full batch.
        """
        needed, lasted = visits.work.copy(), visits.end - visits.start
        shares = np.divide(visits.work, lasted, out=np.ones(lasted.size), where=lasted > 0)
        for one, place in self._batched.items():
            own = np.flatnonzero((visits.station == one) & (visits.replica >= 0))
            batches = np.stack([visits.replica[own], visits.start[own], visits.end[own]])
            _, batch, sizes = np.unique(batches, axis=1, return_inverse=True, return_counts=True)
            size = sizes[batch]
            shares[own] = 1.0 / size
            full = np.maximum(size, full_batch(place))
            needed[own] = (needed[own] + (full - size) * place.per_item) / full
        return shares, needed
