"""The recorder: what the machine exposes to its scraper, folded from what happened.

Nothing is read from the running system at scrape times. Events are counted into the cell of the
first scrape that sees them, block by block, and the gauges follow: what waits is what has come and
not yet begun. So a scrape costs nothing, and whether somebody scrapes changes nothing.
"""

import math
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.caching import MISS
from mlsim.engine.network import Client as ClientStation
from mlsim.engine.network import Station, Visits
from mlsim.system.cache import Cache
from mlsim.system.client import Client
from mlsim.system.contract import Reader
from mlsim.system.external import External
from mlsim.system.feedback import Feedback
from mlsim.system.requests import RequestBlock
from mlsim.system.settled import OUTCOMES
from mlsim.system.simulation import System
from mlsim.system.store import Store
from mlsim.telemetry.app_versions import AppRequests, increments
from mlsim.telemetry.folding import count, count_passage
from mlsim.telemetry.labels import Matcher
from mlsim.telemetry.overload import Overload, overloads
from mlsim.telemetry.priorities import Priorities
from mlsim.telemetry.restraint import Restraint
from mlsim.telemetry.scraping import Scrapes, replicas_up, scraper_of, seconds_up
from mlsim.telemetry.sojourns import Sojourns
from mlsim.telemetry.store import SeriesStore, parts_of_histogram
from mlsim.telemetry.tally import Tally, cancels_branches, impossible
from mlsim.telemetry.work import Work

VISIT_OUTCOMES = ("served", "rejected", "lost", "failed", "expired", "timed_out", "cancelled")
"""What becomes of a visit, in the order of the network's codes."""

DURATION, CLIENT_DURATION = "request_duration_seconds", "client_request_duration_seconds"

Times = NDArray[np.float64]


def scrape_times(start: float, end: float, interval: float) -> Times:
    """Multiples of `interval` from `start` to `end`, all in seconds since day 0."""
    return np.arange(math.ceil(start / interval), math.floor(end / interval) + 1.0) * interval


class Recorder:
    """Counts visits and requests on the scrape grid of one run, from its history to its horizon.

    interval: seconds between two scrapes. times: of the scrapes. visits, requests: tallies by
    component and by client; attempts: those that clients sent; restraint: what they did not; found:
    what caches had no answer for, and had one. live: which cells of all these are from day 0 on; of
    a run that goes on after its last scrape they have one more. work: what the workers of each
    component have done.
    From day 0 on, sojourns: how long visits took whose service began; answers: how long clients
    waited for theirs; priorities: what became of visits to each component that has them.
    """

    def __init__(self, system: System, interval: float):
        scenario = system.scenario
        self._system, self._interval = system, interval
        self.times = scrape_times(-scenario.history, scenario.horizon, interval)
        self._first = round(self.times[0] / interval)
        cells, last = self.times.size, math.ceil(scenario.horizon / interval)
        self.live = np.arange(self._first, last + 1) > 0
        counted = self.live.size
        components = [n for n in system.network.names if not scenario.system[n].starts_requests]
        stations = {n: scenario.system[n].station(n) for n in system.network.names}
        self._stations = {n: s for n, s in stations.items() if isinstance(s, Station)}
        senders = [place for place in stations.values() if isinstance(place, ClientStation)]
        cancels = any(cancels_branches(chain.steps) for chain in scenario.flow)
        never = {name: impossible(place, senders, cancels) for name, place in stations.items()}
        self.visits = Tally(components, VISIT_OUTCOMES, counted, never)
        self.sojourns = Sojourns(len(components))
        batched = {
            i: place
            for i, n in enumerate(components)
            if isinstance(place := stations[n], Station) and place.batch > 1
        }
        self.work = Work(len(components), cells, batched)
        self._came, self._began, self._left, self._gone = np.zeros(
            (4, len(components), cells), np.int32
        )
        clients = list(dict.fromkeys(load.enters for load in scenario.load.values()))
        self._client_of = np.array([clients.index(x.enters) for x in scenario.load.values()])
        self.requests = Tally(clients, OUTCOMES, counted, never)
        self._by_version = {
            name: AppRequests(system[name], OUTCOMES, cells)
            for name in clients
            if isinstance(client := system[name].spec, Client) and client.releases
        }
        self.answers = Sojourns(len(clients))
        self.attempts = np.zeros((len(clients), counted), np.int32)
        self.restraint = Restraint([scenario.system[name] for name in clients], counted)
        self.priorities = {
            n: Priorities(len(VISIT_OUTCOMES))
            for n in components
            if getattr(stations[n], "prioritised", False)
        }
        self._reveals = {
            n: d.spec.reveals for n, d in system.items() if isinstance(d.spec, Feedback)
        }
        self._labels = {name: np.zeros((1, cells), np.int32) for name in self._reveals}
        self._dropped = {
            name: np.zeros((1, cells), np.int32)
            for name, d in system.items()
            if isinstance(d.spec, Reader) and d.spec.drops
        }
        self._collected = {name: np.zeros((1, cells), np.int32) for name in system.collectors}
        self.found = {
            name: np.zeros((2, counted), np.int32)
            for name, d in system.items()
            if isinstance(d.spec, Cache)
        }
        scraper = scraper_of(system)
        self._scrapes = scraper and Scrapes(
            [place for place in stations.values() if isinstance(place, Station)],
            scraper.timeout,
            (interval, self._first),
            cells,
        )

    def on_visits(self, visits: Visits) -> None:
        """Count what has happened at the components."""
        grid = (self._interval, self._first)
        station = visits.station.astype(np.int64)
        self.visits.add(station, visits.outcome, visits.arrival, visits.end, *grid)
        count_passage(
            visits.station,
            visits.replica,
            visits.arrival,
            visits.start,
            visits.end,
            *grid,
            self._came,
            self._began,
            self._left,
            self._gone,
        )
        if self._scrapes:
            self._scrapes.see(visits)
        live = (visits.end > 0) & (visits.replica >= 0)
        self.sojourns.add(station[live], visits.end[live] - visits.arrival[live])
        self.work.add(visits, *grid)
        for name, urgent in self.priorities.items():
            own = (station == self._system.network.index(name)) & (visits.end > 0)
            urgent.add(Visits(*(column[own] for column in visits)))
        for name, counts in self.found.items():
            looked = (station == self._system.network.index(name)) & (visits.settings > 0)
            found = visits.settings[looked].astype(np.int64) - MISS
            count(found, visits.end[looked], *grid, counts)

    def on_requests(self, block: RequestBlock) -> None:
        """Count what clients have seen."""
        log, grid = block.log, (self._interval, self._first)
        client = self._client_of[log.load]
        self.requests.add(client, log.outcome, log.arrival, log.end, *grid)
        for name in {self.requests.names[k] for k in np.unique(client)} & self._by_version.keys():
            self._by_version[name].add(block, *grid)
        answered = (log.outcome == OUTCOMES.index("ok")) & (log.end > 0)
        self.answers.add(client[answered], log.end[answered] - log.arrival[answered])
        self.restraint.add(client, log, *grid)
        each = np.repeat(np.arange(client.size), log.attempts)
        count(client[each], log.end[each], *grid, self.attempts)
        for name, counts in self._dropped.items():
            dropped = log.end[np.broadcast_to(block.dropped(name), log.end.shape)]
            count(np.zeros(dropped.size, np.int64), dropped, *grid, counts)

    def on_collected(self, collector: str, block: RequestBlock) -> None:
        """Count what the telemetry has received."""
        nobody_else = np.zeros(block.log.end.size, np.int64)
        count(nobody_else, block.log.end, self._interval, self._first, self._collected[collector])

        for name, counts in self._labels.items():
            known = block.known_at(self._reveals[name])
            known = known[np.isfinite(known)]
            count(np.zeros(known.size, np.int64), known, self._interval, self._first, counts)

    def write(self, store: SeriesStore, metrics: AbstractSet[str] | None = None) -> None:
        """Add what the machine exposes to a store on the same grid, or on a stretch of it.

        metrics: the names of those that are needed, if not all are; others may come with them.
        """
        first = int(np.searchsorted(self.times, store.times[0]))
        cells = slice(first, first + store.times.size)

        def needed(*names: str) -> bool:
            return metrics is None or not metrics.isdisjoint(names)

        if needed("requests_total"):
            self.visits.write_counts(store, cells, "component", "requests_total")
        if needed(*parts_of_histogram(DURATION)):
            self.visits.write_durations(store, cells, "component", DURATION)
        if needed("client_requests_total"):
            counter = "client_requests_total"
            self.requests.write_counts(store, cells, "client", counter, self._by_version)
            for name, by_version in self._by_version.items():
                by_version.write(store, cells, self.requests.never[name])
        if needed(*parts_of_histogram(CLIENT_DURATION)):
            self.requests.write_durations(store, cells, "client", CLIENT_DURATION)
        if needed("client_attempts_total"):
            attempts = zip(self.requests.names, self.attempts, strict=True)
            _write_counter(store, cells, "client", "client_attempts_total", attempts)
        if needed("telemetry_rows_total"):
            rows = ((name, counts[0]) for name, counts in self._collected.items())
            _write_counter(store, cells, "component", "telemetry_rows_total", rows)
        if needed("rows_dropped_total"):
            rows = ((name, counts[0]) for name, counts in self._dropped.items())
            _write_counter(store, cells, "component", "rows_dropped_total", rows)
        for found, metric in enumerate(("cache_misses_total", "cache_hits_total")):
            if needed(metric):
                looked = ((name, counts[found]) for name, counts in self.found.items())
                _write_counter(store, cells, "component", metric, looked)
        if needed("labels_total"):
            labels = ((name, counts[0]) for name, counts in self._labels.items())
            _write_counter(store, cells, "component", "labels_total", labels)
        if needed("queue_length", "workers_busy"):
            self._write_queues(store, cells)
        if needed("model_version", "model_age_seconds", "deployed_version"):
            self._write_versions(store)
        if needed("store_age_seconds"):
            self._write_stores(store)
        if needed("up"):
            self._write_replicas(store)
        if self._scrapes:
            self._leave_gaps(store, cells, self._scrapes)

    def unended(self, client: str) -> int:
        """How many requests of a client have come by now and not ended."""
        own = self._client_of == self.requests.names.index(client)
        return int(self._system.network.unended()[: own.size][own].sum())

    def overloads(self, name: str, under_way: Visits) -> list[Overload]:
        """When more work came to a component, from day 0 on, than its workers could do.

        under_way: what is under way now.
        """
        i, live = self.visits.names.index(name), self.times > 0
        can = self._can(name, np.append(self.times[0] - self._interval, self.times)).sum(axis=0)
        if not np.isfinite(can).all() or np.count_nonzero(live) < 2:
            return []
        return overloads(
            self._came_by_now(under_way)[i, live],
            self._left[i, live],
            (self.work.needed[i] + self._given_to_open(name, under_way))[live],
            can[live],
            self.times[live],
            self._unevenness(i) * max(self._stations[name].shards, 1),
        )

    def _given_to_open(self, name: str, under_way: Visits) -> Times:
        """Work that a shared component has given, by cell, to visits that haven't ended.

        Where it is overloaded, those of the longest services never do. What each has got is known,
        and among how many the workers were shared meanwhile.
        """
        i, station = self.visits.names.index(name), self._stations[name]
        if not station.sharing or station.workers is None:
            return np.zeros(self.times.size)
        own = (under_way.station == i) & np.isfinite(under_way.start)
        share = station.workers / np.maximum(self._queues(under_way)[1][i], station.workers)
        so_far = np.append(0.0, np.cumsum(share))
        cell = np.searchsorted(self.times, under_way.start[own]).clip(max=share.size - 1)
        pace = np.zeros(share.size)
        np.add.at(pace, cell, under_way.work[own] / (so_far[-1] - so_far[cell]))
        return np.asarray(np.cumsum(pace) * share)

    def _unevenness(self, component: int) -> float:
        """The mean square of what services take by the square of the mean; 1 if all are equal."""
        number = int(self._left[component].sum())
        mean = self.work.needed[component].sum() / max(number, 1)
        return float(self.work.squares[component] / (number * mean**2)) if mean else 1.0

    def capacities(self, name: str) -> Times:
        """Seconds that the workers of each replica of a component have, from day 0 on; inf where
        they are unlimited.
        """
        return self._can(name, np.array([0.0, self._system.scenario.horizon]))[:, 0]

    def worked(self, under_way: Visits) -> Times:
        """Seconds that workers have worked from day 0 on, float64[components, replicas]."""
        return self.work.by(self._system.network.now, under_way)

    def _can(self, name: str, edges: Times) -> Times:
        """Seconds that the workers of each replica have between edges, inf if unlimited."""
        there, workers = seconds_up(self._system, name, edges), self._stations[name].workers
        can: Times = np.full(there.shape, math.inf) if workers is None else workers * there
        return can

    def _write_queues(self, store: SeriesStore, cells: slice) -> None:
        gauges = self._queues(self._system.network.under_way())
        for metric, gauge in zip(("queue_length", "workers_busy"), gauges, strict=True):
            for name, own in zip(self.visits.names, gauge, strict=True):
                store.add(metric, {"component": name}, own[cells])

    def _queues(self, under_way: Visits) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Requests that wait and that are served at each scrape, int32[components, cells]."""
        came, began = self._came_by_now(under_way), self._began.copy()
        serving, grid = under_way.replica >= 0, (self._interval, self._first)
        count(under_way.station[serving], under_way.start[serving], *grid, began)
        waiting = np.cumsum(came - began - self._gone, axis=1, dtype=np.int32)
        return waiting, np.cumsum(began - self._left, axis=1, dtype=np.int32)

    def _came_by_now(self, under_way: Visits) -> NDArray[np.int32]:
        """Arrivals, those that are under way among them, int32[components, cells]."""
        came = self._came.copy()
        count(under_way.station, under_way.arrival, self._interval, self._first, came)
        return came

    def _write_versions(self, store: SeriesStore) -> None:
        """Which version serves and how old it is, as the model knows; and what was reported."""
        for name, deployed in self._system.items():
            if not deployed.spec.has_versions:
                continue
            version, age = np.zeros(store.times.size), np.full(store.times.size, np.nan)
            for time, number in ((-np.inf, 0), *deployed.history):
                serving, since = deployed.settings[number], store.times >= time
                version[since] = serving.number
                age[since] = store.times[since] - serving.trained_at
            reported = np.zeros(store.times.size)
            for time, number in self._system.registry.deployed[name]:
                reported[store.times >= time] = number
            labels = {"component": name}
            store.add("model_version", labels, version)
            store.add("model_age_seconds", labels, age)
            store.add("deployed_version", labels, reported)

    def _write_stores(self, store: SeriesStore) -> None:
        """How long ago the snapshot was written that a feature store serves, as the store knows."""
        for name, deployed in self._system.items():
            if not isinstance(deployed.spec, Store):
                continue
            age = np.full(store.times.size, np.nan)
            for time, number in deployed.history:
                since = store.times >= time
                age[since] = store.times[since] - deployed.settings[number].snapshot.written_at
            store.add("store_age_seconds", {"component": name}, age)

    def _write_replicas(self, store: SeriesStore) -> None:
        for name, replicas in replicas_up(self._system, store.times).items():
            for replica, gauge in replicas.items():
                store.add("up", {"component": name, "replica": str(replica)}, gauge)

    def _leave_gaps(self, store: SeriesStore, cells: slice, scrapes: Scrapes) -> None:
        """Take out what a scraper did not get, and say so in `up`."""
        replicas = replicas_up(self._system, self.times)
        up = np.array([np.nansum([*replicas[n].values()], axis=0) for n in self.visits.names])
        under_way, now = self._system.network.under_way(), self._system.network.now
        missed = scrapes.unanswered(*self._queues(under_way), up.astype(np.int32), under_way, now)
        for name, own in zip(self.visits.names, missed[:, cells], strict=True):
            if not isinstance(self._system[name].spec, External):  # others scrape what is theirs
                store.miss(Matcher("component", "=", name), own)


def _write_counter(
    store: SeriesStore,
    cells: slice,
    label: str,
    metric: str,
    counts: Iterable[tuple[str, NDArray[np.int32]]],
) -> None:
    for name, own in counts:
        store.add_increments(metric, {label: name}, increments(own, cells))
