"""Scrapes that fail: what a monitoring server doesn't get from components that are down or full."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.network import Service, Station, Visits
from mlsim.system.scraper import Scraper
from mlsim.system.simulation import System
from mlsim.telemetry.folding import count
from mlsim.telemetry.work import room

Times = NDArray[np.float64]
Gauge = NDArray[np.int32]


class Scrapes:
    """Who answers a scraper, told from the visits to the components.

    A scrape at t has no worker by t + timeout if as many visits as there are workers came by t and
    are still there by then (first come, first served). So each visit that lasts longer than the
    timeout stands in the way of the scrapes from its arrival until so long before its end. Where
    all who wait leave after the same time, scrapes do, too; those who draw a patience are others.

    stations: those that are scraped. timeout: in seconds. grid: seconds between two scrapes, and
    the number of the first one. cells: how many scrapes there are.
    """

    def __init__(
        self, stations: Sequence[Station], timeout: float, grid: tuple[float, int], cells: int
    ):
        self._stations, self._grid = stations, grid
        self._patience = np.array([min(timeout, _same_for_all(place)) for place in stations])
        self._change = np.zeros((len(stations), cells), np.int32)

    def see(self, visits: Visits) -> None:
        """Count the visits that have ended."""
        self._enter(visits, visits.end, self._change)

    def _enter(self, visits: Visits, until: Times, change: Gauge) -> None:
        station = visits.station.astype(np.int64)
        leaves = until - self._patience[station]
        slow = leaves > visits.arrival
        ends = slow & (leaves < np.inf)
        down = np.zeros_like(change)
        count(station[slow], visits.arrival[slow], *self._grid, change)
        count(station[ends], leaves[ends], *self._grid, down)
        change -= down

    def unanswered(
        self, waiting: Gauge, busy: Gauge, up: Gauge, under_way: Visits, now: float
    ) -> NDArray[np.bool_]:
        """Which scrapes get no answer, bool[stations, cells], as far as is known `now` (seconds).

        A scrape that still waits has brought nothing new: it counts as the one before it.
        waiting, busy, up: requests in the queue and in service, and replicas, at each scrape.
        """
        places = np.array([room(place) for place in self._stations])[:, None] * up
        limits = np.array([_limit(place) for place in self._stations])[:, None]
        refused = (up == 0) | ((busy >= places) & (waiting >= limits))
        failed = refused | (self._in_the_way(under_way, now) >= places)
        waits = ~failed & (self._in_the_way(under_way, np.inf) >= places)
        return _carried_on(failed, waits)

    def _in_the_way(self, under_way: Visits, until: float) -> Gauge:
        """How many visits are in the way of each scrape, if those under way end at `until`."""
        change = self._change.copy()
        self._enter(under_way, np.full(under_way.arrival.size, until), change)
        return np.cumsum(change, axis=1, dtype=np.int32)


def _carried_on(marks: NDArray[np.bool_], unknown: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The marks of each row, where unknown as in the last cell before that is known.

    >>> _carried_on(np.array([[False, True, False]]), np.array([[False, False, True]]))
    array([[False,  True,  True]])
    """
    known = np.where(unknown, 0, np.arange(marks.shape[1]))
    return np.take_along_axis(marks, np.maximum.accumulate(known, axis=1), axis=1)


def _same_for_all(station: Station) -> float:
    """After how long everybody who waits leaves."""
    return np.inf if isinstance(station.patience, Service) else station.patience


def _limit(station: Station) -> float:
    return np.inf if station.queue_limit is None else float(station.queue_limit)


def scraper_of(system: System) -> Scraper | None:
    """The scraper of a system, if it has one."""
    scrapers = [spec for spec in system.scenario.system.values() if isinstance(spec, Scraper)]
    return scrapers[0] if scrapers else None


def replicas_up(system: System, times: Times) -> Mapping[str, dict[int, Times]]:
    """For each component and replica 1 where it is up, 0 where down, NaN where none is wanted."""
    up: dict[str, dict[int, Times]] = {}
    for time, name, replica, is_up in system.replica_changes:
        gauges = up.setdefault(name, {})
        gauge = gauges.setdefault(replica, np.full(times.size, np.nan))
        gauge[times >= time] = np.nan if is_up is None else is_up
    return up


def seconds_up(system: System, name: str, edges: Times) -> Times:
    """How long each replica of a component was up between two edges and the next, in seconds.

    float64[replicas, edges - 1]; the edges in order of time.
    """
    changes: dict[int, list[tuple[float, bool]]] = {}
    for time, component, replica, is_up in system.replica_changes:
        if component == name:
            changes.setdefault(replica, []).append((time, bool(is_up)))
    return np.array([_up_between(changes[replica], edges) for replica in sorted(changes)])


def _up_between(changes: Sequence[tuple[float, bool]], edges: Times) -> Times:
    """Seconds between edges in which something was up, by the times at which that changed.

    >>> _up_between([(0.0, True), (15.0, False), (18.0, True)], np.array([0.0, 10.0, 20.0, 30.0]))
    array([10.,  7., 10.])
    """
    times, states = np.array([time for time, _ in changes]), [is_up for _, is_up in changes]
    times = np.maximum(times, edges[0])
    until = np.append(times[1:], max(edges[-1], times[-1]))
    so_far = np.append(0.0, np.cumsum(np.where(states, until - times, 0.0)))
    return np.diff(np.interp(edges, np.append(times, until[-1]), so_far))
