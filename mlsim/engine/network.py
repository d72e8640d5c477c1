"""The Python face of the kernel: build a network, move it, look at it, change it."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlsim.engine import kernel
from mlsim.engine import state as layout
from mlsim.engine.arrivals import LOADS, Source
from mlsim.engine.draws import Distribution, stream
from mlsim.engine.routes import ChainLike, Program, compile_routes

UNLIMITED = 1 << 40
"""Stands for "no limit" in counts of workers and places; no run comes near it."""


@dataclass(frozen=True)
class Service:
    """How long a service takes, in seconds: a `Distribution` with its parameters."""

    distribution: Distribution = Distribution.CONSTANT
    a: float = 0.0
    b: float = 0.0


@dataclass(frozen=True)
class Station:
    """A place of service: one line in order of arrival for the workers of all its replicas.

    workers: per replica; None is unlimited. queue_limit: places to wait; None is unlimited.
    """

    name: str
    workers: int | None = None
    replicas: int = 1
    service: Service = Service()
    queue_limit: int | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise ValueError(f"station '{self.name}': needs workers >= 1 (got {self.workers})")
        if self.replicas < 1:
            raise ValueError(f"station '{self.name}': needs replicas >= 1 (got {self.replicas})")
        if self.queue_limit is not None and self.queue_limit < 0:
            raise ValueError(
                f"station '{self.name}': needs queue_limit >= 0 (got {self.queue_limit})"
            )


@dataclass(frozen=True)
class Client:
    """Who sends requests and waits `timeout` seconds per attempt, then tries up to `retries` more.

    backoff: seconds between the failure of an attempt and the next. Work under way goes on when
    its client has given up.
    """

    name: str
    timeout: float = math.inf
    retries: int = 0
    backoff: float = 0.0

    def __post_init__(self) -> None:
        if not self.timeout > 0.0:
            raise ValueError(f"client '{self.name}': needs timeout > 0 (got {self.timeout})")
        if self.retries < 0 or not 0.0 <= self.backoff < math.inf:
            raise ValueError(
                f"client '{self.name}': needs retries >= 0 and a finite backoff >= 0 "
                f"(got {self.retries}, {self.backoff})"
            )


class Visits(NamedTuple):
    """Columns of visits, one row per visit, in the order in which they ended.

    request: int64 entity ids; attempt: 0, 1 ...; station: index in `Network.names`;
    replica and settings: -1 where no service began; arrival, start, end: seconds;
    outcome: `state.VISIT_SERVED`, `VISIT_REJECTED` or `VISIT_LOST`.
    """

    request: NDArray[np.int64]
    attempt: NDArray[np.int32]
    station: NDArray[np.int32]
    replica: NDArray[np.int32]
    settings: NDArray[np.int32]
    arrival: NDArray[np.float64]
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    outcome: NDArray[np.int64]


class Requests(NamedTuple):
    """Columns of ended requests and of asides that reached their sink.

    where: -1 for the end of a request, else the index of the sink in `Network.names`.
    attempts: sent so far; arrival: at the client; sent: of this attempt; end: seconds.
    outcome: `state.OK`, `TIMED_OUT`, `REJECTED` or `FAILED`; answer: attempt that answered, or -1.
    stamps: int32[rows, names], settings number met at each name; -1 where not met or no answer.
    """

    request: NDArray[np.int64]
    load: NDArray[np.int32]
    where: NDArray[np.int32]
    attempts: NDArray[np.int32]
    arrival: NDArray[np.float64]
    sent: NDArray[np.float64]
    end: NDArray[np.float64]
    outcome: NDArray[np.int32]
    answer: NDArray[np.int64]
    stamps: NDArray[np.int32]


@dataclass(frozen=True)
class Counters:
    """What a station has seen since the start; a picture of one instant.

    in_service: busy workers per replica. rejected and lost are not among the served.
    """

    arrived: int
    started: int
    served: int
    rejected: int
    lost: int
    waiting: int
    in_service: tuple[int, ...]


class Network:
    """Clients and stations that requests move through, from `start` on.

    chains: the flow; entries: load number -> name of the client or station where it enters.
    arrivals: where requests come from; none at or after `until`.
    on_visits, on_requests: take the logs block by block; the columns are theirs to keep.
    visits: whether visits are logged at all.
    log_block, arrival_block, slots: sizes of blocks and pools; they change speed and nothing else.
    Raises: RouteError for a flow that can't be followed.
    """

    def __init__(
        self,
        chains: Sequence[ChainLike],
        stations: Sequence[Station],
        clients: Sequence[Client],
        entries: Mapping[int, str],
        seed: int,
        arrivals: Source,
        start: float = 0.0,
        until: float = math.inf,
        on_visits: Callable[[Visits], None] | None = None,
        on_requests: Callable[[Requests], None] | None = None,
        visits: bool = True,
        log_block: int = 1 << 15,
        arrival_block: int = 1 << 15,
        slots: int = 1 << 10,
    ) -> None:
        self.names = (*(s.name for s in stations), *(c.name for c in clients))
        self.now = start
        self.until = until
        self._index = {name: k for k, name in enumerate(self.names)}
        self._stations = tuple(stations)
        self._arrivals = arrivals
        self._horizon = start
        self._arrival_block = arrival_block
        self._stretch = 64.0
        self._on_visits = on_visits
        self._on_requests = on_requests
        self._scale = [s.replicas for s in stations]
        self._up = [[True] * s.replicas for s in stations]
        self._woken: set[int] = set()
        program = compile_routes(
            chains, [s.name for s in stations], [c.name for c in clients], entries
        )
        self._state = _build(program, stations, clients, self._index, log_block)
        self._state.tally[layout.LOGS_VISITS] = visits and on_visits is not None
        for k, station in enumerate(stations):
            self._state.stations[k].key = stream(seed, f"service/{station.name}")
            self.set_service(station.name, station.service)
            self._make_room(k)
        self._grow(slots)

    def index(self, name: str) -> int:
        """Place of a station or client in `names`, and so its column in the stamps."""
        return self._index[name]

    def advance(self, until: float) -> None:
        """Move everything up to and including `until` (inf: until nothing is left to move).

        What decisions at `now` have injected (failures of a crash, a queue woken by a restart) is
        movement of this instant too, and done first.
        """
        self._woken.clear()
        while True:
            why = kernel.advance(self._state, until, self._horizon)
            if why == layout.NEEDS_ARRIVALS:
                self._fetch_arrivals()
            elif why == layout.NEEDS_ROOM:
                self._make_space()
            else:
                break
        self.now = max(self.now, until if until < math.inf else float(self._state.clock[0]))

    def flush(self) -> None:
        """Hand out what the logs hold so far."""
        tally = self._state.tally
        seen, ended = int(tally[layout.VISITS_LOGGED]), int(tally[layout.ROWS_LOGGED])
        tally[layout.VISITS_LOGGED] = tally[layout.ROWS_LOGGED] = 0
        if seen and self._on_visits is not None:
            rows = self._state.visits[:seen]
            self._on_visits(Visits(*(rows[f].copy() for f in Visits._fields)))
        if ended and self._on_requests is not None:
            rows = self._state.rows[:ended]
            columns = {f: rows[f].copy() for f in Requests._fields if f != "stamps"}
            stamps = self._state.row_stamps[:ended].copy()
            self._on_requests(Requests(**columns, stamps=stamps))

    def counters(self, name: str) -> Counters:
        """What station `name` has seen up to `now`."""
        k = self._station(name)
        seen = self._state.stations[k]
        return Counters(
            arrived=int(seen["arrived"]),
            started=int(seen["started"]),
            served=int(seen["served"]),
            rejected=int(seen["rejected"]),
            lost=int(seen["lost"]),
            waiting=int(seen["waiting"]),
            in_service=tuple(self._state.replicas["busy"][k, : len(self._up[k])].tolist()),
        )

    def set_settings(self, name: str, number: int) -> None:
        """Services that start from now on at station `name` are stamped with `number`.

        For a client: attempts that are sent from now on.
        """
        self._state.settings[self._index[name]] = number

    def set_service(self, name: str, service: Service) -> None:
        """Services that start from now on at `name` take this long; those under way go on."""
        k = self._station(name)
        station = self._state.stations[k]
        station.distribution, station.a, station.b = service.distribution, service.a, service.b
        constant_zero = service.distribution == Distribution.CONSTANT and service.a == 0.0
        station.instant = constant_zero and self._stations[k].workers is None

    def crash(self, name: str, replica: int) -> None:
        """The workers of a replica are gone; requests in service there fail at this instant."""
        k = self._replica(name, replica)
        self._up[k][replica] = False
        tokens = self._state.tokens
        here = (tokens["state"] == layout.IN_SERVICE) & (tokens["replica"] == replica)
        slots = np.flatnonzero(here & (self._state.hops["station"][tokens["hop"]] == k))
        tokens["state"][slots] = layout.DOOMED
        for slot in slots.tolist():
            kernel.inject(self._state, self.now, layout.FAILURE, slot)
        self._state.replicas["busy"][k, replica] = 0
        self._make_room(k)

    def restart(self, name: str, replica: int) -> None:
        """A crashed replica works again and takes from the line."""
        k = self._replica(name, replica)
        self._up[k][replica] = True
        self._make_room(k)

    def scale(self, name: str, replicas: int) -> None:
        """Run `replicas` replicas: more at once; fewer as the highest finish what they have."""
        if replicas < 0:
            raise ValueError(f"station '{name}': needs replicas >= 0 (got {replicas})")
        k = self._station(name)
        self._scale[k] = replicas
        self._up[k] += [True] * (replicas - len(self._up[k]))
        self._make_room(k)

    def _station(self, name: str) -> int:
        k = self._index.get(name, len(self._stations))
        if k >= len(self._stations):
            raise KeyError(f"no station '{name}' in the network")
        return k

    def _replica(self, name: str, replica: int) -> int:
        """Place of the station, if it has that replica."""
        k = self._station(name)
        if not 0 <= replica < len(self._up[k]):
            raise ValueError(
                f"station '{name}' has no replica {replica} (0..{len(self._up[k]) - 1})"
            )
        return k

    def _make_room(self, k: int) -> None:
        """Open the replicas that are up and wanted; wake the line if somebody is idle."""
        self._widen(len(self._up[k]))
        limit = self._stations[k].workers
        workers = UNLIMITED if limit is None else limit
        room, busy = self._state.replicas["room"][k], self._state.replicas["busy"][k]
        for replica, up in enumerate(self._up[k]):
            room[replica] = workers if up and replica < self._scale[k] else 0
        station = self._state.stations[k]
        station.free = int(np.maximum(room - busy, 0).sum())
        if station.free > 0 and station.waiting > 0 and k not in self._woken:
            self._woken.add(k)
            kernel.inject(self._state, self.now, layout.WAKE, k)

    def _widen(self, replicas: int) -> None:
        old = self._state.replicas
        if replicas > old.shape[1]:
            wider = _records((old.shape[0], replicas), layout.REPLICA)
            wider[:, : old.shape[1]] = old
            self._state = self._state._replace(replicas=wider)

    def _fetch_arrivals(self) -> None:
        """Arrivals of the next stretch of time, as long as makes a good block."""
        start, end = self._horizon, min(self._horizon + self._stretch, self.until)
        times, ids = self._arrivals.between(start, end)
        block = _records(times.size, layout.ARRIVAL)
        block["time"], block["entity"] = times, ids
        self._state = self._state._replace(arrivals=block)
        self._state.tally[layout.NEXT_ARRIVAL] = 0
        self._state.tally[layout.KNOWN_ARRIVALS] = times.size
        self._horizon = end if end < self.until else math.inf
        if times.size < self._arrival_block // 2:
            self._stretch *= 2.0
        elif times.size > self._arrival_block:
            self._stretch /= 2.0

    def _make_space(self) -> None:
        self.flush()
        tally, margin = self._state.tally, int(self._state.tally[layout.MARGIN])
        used = max(
            int(tally[place])
            for place in (layout.REQUESTS_USED, layout.ATTEMPTS_USED, layout.TOKENS_USED)
        )
        if used + margin > self._state.tokens.size:
            self._grow(2 * self._state.tokens.size)

    def _grow(self, slots: int) -> None:
        """Give every pool `slots` more slots, and the heap what they can need."""
        slots = max(slots, int(self._state.tally[layout.MARGIN]))
        self._state = _grown(self._state, slots)


def _grown(old: layout.State, slots: int) -> layout.State:
    tally, size = old.tally, old.tokens.size
    pools = {}
    for name, free in (
        ("requests", layout.FREE_REQUEST),
        ("attempts", layout.FREE_ATTEMPT),
        ("tokens", layout.FREE_TOKEN),
    ):
        pool = _longer(getattr(old, name), slots)
        pool["next"][size:-1] = np.arange(size + 1, size + slots)
        pool["next"][-1] = tally[free]
        tally[free] = size
        pools[name] = pool
    # Two events per token (completion and failure), one timer per attempt, one retry per request
    # and one wake per station: the heap can't overflow. One more place serves as a scratch.
    events = 4 * (size + slots) + len(old.stations) + 1
    return old._replace(
        **pools,
        stamps=_longer(old.stamps, slots),
        joined=_longer(old.joined, slots),
        heap=_longer(old.heap, events - old.heap.size),
    )


def _longer(array: Any, more: int) -> Any:
    longer = np.zeros((array.shape[0] + more, *array.shape[1:]), array.dtype)
    longer[: array.shape[0]] = array
    return longer.view(type(array))


def _records(size: int | tuple[int, int], dtype: np.dtype[Any]) -> Any:
    return np.zeros(size, dtype).view(np.recarray)


def _build(
    program: Program,
    stations: Sequence[Station],
    clients: Sequence[Client],
    index: Mapping[str, int],
    log_block: int,
) -> layout.State:
    """The state of an empty network, without slots."""
    margin = program.hops.size + 2
    tally = np.zeros(layout.TALLIES, np.int64)
    tally[layout.MARGIN] = margin
    tally[[layout.FREE_REQUEST, layout.FREE_ATTEMPT, layout.FREE_TOKEN]] = -1
    columns = max((s.replicas for s in stations), default=1)
    log = max(log_block, 1) + margin - 1
    return layout.State(
        tally=tally,
        clock=np.full(1, -math.inf),
        heap=_records(0, layout.EVENT),
        agenda=np.zeros(2 * margin, np.int64),
        requests=_records(0, layout.REQUEST),
        attempts=_records(0, layout.ATTEMPT),
        tokens=_records(0, layout.TOKEN),
        stamps=np.zeros((0, len(index)), np.int32),
        joined=np.zeros((0, program.joins), np.int32),
        hops=program.hops.view(np.recarray),
        targets=program.targets,
        loads=_loads(program, clients, index),
        stations=_stations(stations),
        settings=np.zeros(len(index), np.int32),
        replicas=_records((len(stations), columns), layout.REPLICA),
        arrivals=_records(0, layout.ARRIVAL),
        visits=_records(log, layout.VISIT_ROW),
        rows=_records(log, layout.REQUEST_ROW),
        row_stamps=np.zeros((log, len(index)), np.int32),
    )


def _loads(program: Program, clients: Sequence[Client], index: Mapping[str, int]) -> Any:
    known = {client.name: client for client in clients}
    loads = _records(LOADS, layout.LOAD)
    loads["client"] = loads["first_timer"] = loads["last_timer"] = -1
    for number, (name, hop) in program.entries.items():
        loads[number].hop = hop
        if name is not None:
            who = known[name]
            loads[number] = (hop, index[name], who.timeout, who.retries, who.backoff, -1, -1)
    return loads


def _stations(stations: Sequence[Station]) -> Any:
    records = _records(len(stations), layout.STATION)
    for k, station in enumerate(stations):
        limit = station.queue_limit
        records[k].queue_limit = UNLIMITED if limit is None else limit
    return records
