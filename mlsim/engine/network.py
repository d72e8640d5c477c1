"""The Python face of the kernel: build a network, move it, look at it, change it."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from mlsim.engine import kernel
from mlsim.engine import state as layout
from mlsim.engine.arrivals import Source
from mlsim.engine.building import UNLIMITED, empty_state, grown, records, widened, with_heap
from mlsim.engine.caching import empty
from mlsim.engine.draws import Distribution, stream
from mlsim.engine.foresight import Foresight, Steering
from mlsim.engine.handing import handed
from mlsim.engine.parts import AfterCrash, Balancing, Cache, Client, Service, Session, Station
from mlsim.engine.routes import (
    ChainLike,
    Cut,
    RouteError,
    Shards,
    Trait,
    calls_between,
    compile_routes,
)
from mlsim.engine.sharing import set_pace
from mlsim.engine.tables import Counters, Requests, Visits

__all__ = [
    "AfterCrash",
    "Balancing",
    "Cache",
    "Client",
    "Counters",
    "Network",
    "Requests",
    "Service",
    "Session",
    "Station",
    "Visits",
]

NOBODY_GOES_ON: Mapping[int, Session] = MappingProxyType({})


class Network:
    """Clients and stations that requests move through, from `start` on.

    chains: the flow; entries: load number -> name of the client or station where it enters.
    arrivals: where requests come from; none at or after `until`. sessions: load number -> how its
    people go on.
    ahead: before which time, in seconds, arrivals can be told by now; asked as they are fetched.
    on_visits, on_requests: take the logs block by block; the columns are theirs to keep.
    visits: whether visits are logged at all.
    steering: who answers what the flow asks about rows; needed where it has choices.
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
        sessions: Mapping[int, Session] = NOBODY_GOES_ON,
        start: float = 0.0,
        until: float = math.inf,
        ahead: Callable[[], float] = lambda: math.inf,
        on_visits: Callable[[Visits], None] | None = None,
        on_requests: Callable[[Requests], None] | None = None,
        visits: bool = True,
        steering: Steering | None = None,
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
        self._ahead = ahead
        self._horizon = start
        self._arrival_block = arrival_block
        self._stretch = 64.0
        self._on_visits = on_visits
        self._on_requests = on_requests
        self._scale = [s.replicas for s in stations]
        self._up = [[True] * s.replicas for s in stations]
        self._woken: set[int] = set()
        self._draining: set[tuple[int, int]] = set()
        program = compile_routes(
            chains,
            [s.name for s in stations],
            [c.name for c in clients],
            entries,
            reads=steering.reads if steering else lambda question: (),
            checked=steering.checked if steering else (),
            traits=[trait for station in stations for trait in traits_of(station)],
            shards={s.name: Shards(s.shards, s.wait_for) for s in stations if s.shards},
            retries={station.name: station.retries for station in stations},
        )
        self._state = empty_state(
            program, stations, clients, self._index, log_block, seed, sessions, until
        )
        self._state.tally[layout.LOGS_VISITS] = visits and on_visits is not None
        for k, station in enumerate(stations):
            self._state.stations[k].key = stream(seed, f"service/{station.name}")
            self._state.stations[k].failing_key = stream(seed, f"failing/{station.name}")
            self._state.stations[k].balancing_key = stream(seed, f"balancing/{station.name}")
            self.set_service(station.name, station.service)
            self._make_room(k)
        self._grow(slots)
        self._foresight: Foresight | None = None
        if program.questions:
            if steering is None:
                raise RouteError(f"nobody can answer {program.questions[0]}")
            self._foresight = Foresight(steering, program, self.names)

    def index(self, name: str) -> int:
        """Place of a station or client in `names`, and so its column in the stamps."""
        return self._index[name]

    def advance(self, until: float) -> None:
        """Move everything up to and including `until` (inf: until nothing is left to move).

        What decisions at `now` have injected (failures of a crash, a queue woken by a restart) is
        movement of this instant too, and done first.
        Raises: ValueError for a drain of a network whose arrivals have no end.
        """
        if until == self.until == math.inf:
            raise ValueError("arrivals without an end never drain: give the network an `until`")
        self._woken.clear()
        while True:
            why = kernel.advance(handed(self._state), until, self._horizon)
            if why == layout.NEEDS_ARRIVALS:
                self._fetch_arrivals()
            elif why == layout.NEEDS_ROOM:
                self._make_space()
            elif why == layout.NEEDS_ANSWER and self._foresight is not None:
                self._foresight.catch_up(self._state)
            else:
                break
        self.now = max(self.now, until if until < math.inf else float(self._state.clock[0]))

    def forget_foresight(self) -> None:
        """What is true of requests that arrive from now on has changed."""
        if self._foresight is not None:
            self._foresight.forget(self._state)

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
        counted = (f.name for f in fields(Counters) if f.name in (seen.dtype.names or ()))
        return Counters(
            **{name: int(seen[name]) for name in counted},
            waiting=int(self._lines(k)["waiting"][:: self._lanes].sum()),
            in_service=tuple(self._state.replicas["busy"][k, : len(self._up[k])].tolist()),
        )

    def busy(self, name: str) -> int:
        """How many workers of station `name` serve somebody now."""
        k = self._station(name)
        busy = self._state.replicas["busy"][k]
        workers = self._stations[k].workers if self._stations[k].sharing else None
        return int((busy if workers is None else np.minimum(busy, workers)).sum())

    def up(self, name: str) -> tuple[bool, ...]:
        """Which of the replicas that are wanted at `name` work, or have crashed."""
        k = self._station(name)
        return tuple(self._up[k][: self._scale[k]])

    def under_way(self) -> Visits:
        """Visits that have begun and not ended by `now`, those that wait among them.

        Their end is inf and their outcome -1; start is inf for those that wait.
        """
        tokens, hops = self._state.tokens, self._state.hops
        slots = np.array(
            [*self._in_line(), *np.flatnonzero(tokens["state"] == layout.IN_SERVICE)], int
        )
        here = tokens[slots]
        serving = here["state"] == layout.IN_SERVICE
        attempts = self._state.attempts[here["attempt"]]
        return Visits(
            request=self._state.requests["id"][attempts["request"]],
            attempt=attempts["number"].astype(np.int32),
            station=hops["station"][here["hop"]].astype(np.int32),
            replica=np.where(serving, here["replica"], -1).astype(np.int32),
            settings=np.where(serving, here["settings"], -1).astype(np.int32),
            arrival=here["arrival"].copy(),
            start=np.where(serving, here["start"], math.inf),
            end=np.full(slots.size, math.inf),
            outcome=np.full(slots.size, -1, np.int64),
        )

    def _in_line(self) -> Iterator[int]:
        """The tokens that wait, station by station, line by line, in order of arrival."""
        for k in range(len(self._stations)):
            for replica in range(len(self._up[k])):
                yield from self._waiting_at(k, replica)

    @property
    def _lanes(self) -> int:
        return int(self._state.tally[layout.LANES])

    def _lines(self, k: int) -> Any:
        """The lines of a station, replica by replica, lane by lane."""
        return self._state.lines[k :: len(self._stations)]

    def _waiting_at(self, k: int, replica: int) -> Iterator[int]:
        """The tokens in the lines of a replica; of the first, if they share one."""
        first, *lanes = self._lines(k)[replica * self._lanes : (replica + 1) * self._lanes]
        for line in lanes if self._stations[k].prioritised else [first]:
            yield from self._tokens_of(line)

    def _tokens_of(self, line: np.void) -> Iterator[int]:
        token = int(line["head"])
        for _ in range(int(line["waiting"])):
            yield token
            token = int(self._state.tokens["next"][token])

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
        station.law += 1
        constant_zero = service.distribution == Distribution.CONSTANT and service.a == 0.0
        calls = bool((self._state.hops["calls"][self._state.hops["station"] == k] >= 0).any())
        plain = self._stations[k].workers is None and self._stations[k].batch == 1 and not calls
        station.instant = constant_zero and plain

    def set_failing(self, name: str, share: float) -> None:
        """From now on a share of the services that end at `name`, in 0..1, end in nothing."""
        if not 0.0 <= share <= 1.0:
            raise ValueError(f"station '{name}': needs a share in 0..1 that fails (got {share})")
        self._state.stations[self._station(name)].failing = share

    def set_open(self, name: str, is_open: bool) -> None:
        """Whether station `name` lets anybody in; who is inside already stays there."""
        self._state.stations[self._station(name)].closed = not is_open

    def set_slowness(self, name: str, replica: int, factor: float) -> None:
        """Services that start from now on at a replica take `factor` times as long.

        Where it is shared, those under way do, too.
        """
        k = self._replica(name, replica)
        sharing = self._stations[k].sharing
        if not 0.0 <= factor < math.inf or (sharing and factor == 0.0):
            raise ValueError(
                f"station '{name}': needs a factor {'>' if sharing else '>='} 0 (got {factor})"
            )
        if sharing and factor != self._state.replicas["slowness"][k, replica]:
            self._see_to_heap()
            set_pace(handed(self._state), self.now, k, replica, factor)
        self._state.replicas["slowness"][k, replica] = factor

    def crash(self, name: str, replica: int) -> None:
        """The workers of a replica are gone, and its line if it has one.

        Requests that it had fail at this instant, or are sent again.
        """
        k = self._replica(name, replica)
        self._up[k][replica] = False
        tokens = self._state.tokens
        here = (tokens["replica"] == replica) & (self._state.hops["station"][tokens["hop"]] == k)
        slots = np.flatnonzero(here & (tokens["state"] == layout.IN_SERVICE))
        tokens["state"][slots] = layout.DOOMED
        if self._stations[k].sharing:
            tokens["ends"][slots] = self._shares_left(k, replica, slots)
        # The end of a batch frees a worker for those, too, that were cancelled in it.
        tokens["state"][here & (tokens["state"] == layout.CALLED_OFF)] = layout.LOST
        stranded = self._strand(k, replica)
        for slot in (*slots.tolist(), *stranded):
            self._inject(layout.FAILURE, slot)
        here = self._state.replicas[k, replica]
        here["busy"], here["first"], here["due"] = 0, -1, math.inf
        self._make_room(k)

    def _shares_left(self, k: int, replica: int, slots: Any) -> Any:
        """The share of the work that is still to do for tokens at a shared replica."""
        here, tokens = self._state.replicas[k, replica], self._state.tokens[slots]
        pace = min(1.0, here.workers / max(here.busy, 1)) / here.slowness
        progress = here.progress + (self.now - here.updated) * pace
        return (tokens["ends"] - progress) / np.maximum(tokens["service"], np.finfo(float).tiny)

    def _strand(self, k: int, replica: int) -> list[int]:
        """Take away the line of a replica, if it has one; returns who stood in it."""
        if self._stations[k].balancing is None:
            return []
        stranded = list(self._waiting_at(k, replica))
        self._state.tokens["state"][stranded] = layout.STRANDED
        self._lines(k)["waiting"][replica * self._lanes : (replica + 1) * self._lanes] = 0
        return stranded

    def restart(self, name: str, replica: int) -> None:
        """A crashed replica works again and takes from the line; what it kept is gone."""
        k = self._replica(name, replica)
        if not self._up[k][replica]:
            self._state.replicas["cold"][k, replica] = self._stations[k].cold_services
        if self._stations[k].cache is not None:
            empty(self._state, int(self._state.stations[k].cache))
        self._up[k][replica] = True
        self._draining.discard((k, replica))
        self._make_room(k)

    def drain(self, name: str, replica: int) -> None:
        """A replica gets nothing more until it is restarted, and finishes what it has."""
        k = self._replica(name, replica)
        self._draining.add((k, replica))
        self._make_room(k)

    def has_drained(self, name: str, replica: int) -> bool:
        """Whether a replica has nothing to do, and nobody waits for it."""
        k = self._replica(name, replica)
        waiting = not self._shares_line(k) and any(True for _ in self._waiting_at(k, replica))
        return int(self._state.replicas["busy"][k, replica]) == 0 and not waiting

    def _shares_line(self, k: int) -> bool:
        return self._stations[k].balancing is None

    def cut(self, senders: str, receiver: str, how: Cut) -> None:
        """What becomes, from now on, of calls that station or client `senders` makes to another."""
        hops = self._state.hops
        calls = calls_between(hops, self._state.targets, self.index(senders), self.index(receiver))
        hops["cut"][calls] = how

    def scale(self, name: str, replicas: int) -> None:
        """Run `replicas` replicas: more at once; fewer as the highest finish what they have."""
        if replicas < 0:
            raise ValueError(f"station '{name}': needs replicas >= 0 (got {replicas})")
        k = self._station(name)
        before, self._scale[k] = self._scale[k], replicas
        self._up[k] += [True] * (replicas - len(self._up[k]))
        self._make_room(k)
        self._state.replicas["cold"][k, before:replicas] = self._stations[k].cold_services

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
        self._state = widened(self._state, len(self._up[k]))
        spec, shared = self._stations[k], self._stations[k].balancing is None
        limit = spec.at_once if spec.sharing else spec.workers
        workers = UNLIMITED if limit is None else limit
        self._state.replicas["workers"][k] = spec.workers or 0
        replicas = self._state.replicas[k]
        for replica, up in enumerate(self._up[k]):
            wanted = replica < self._scale[k]
            wanted = wanted and (k, replica) not in self._draining
            replicas["accepts"][replica] = up and wanted
            replicas["room"][replica] = workers if up and (wanted or not shared) else 0
        idle = np.maximum(replicas["room"] - replicas["busy"], 0)
        for replica, free in enumerate([idle.sum()] if shared else idle):
            self._open_line(k + replica * self._lanes * len(self._stations), int(free))

    def _open_line(self, number: int, free: int) -> None:
        """So many idle workers take from a line; whoever waits in it is told."""
        line = self._state.lines[number]
        line["free"] = free
        if free > 0 and line["waiting"] > 0 and number not in self._woken:
            self._woken.add(number)
            self._inject(layout.WAKE, number)

    def _inject(self, kind: int, slot: int) -> None:
        self._see_to_heap()
        kernel.inject(handed(self._state), self.now, kind, slot)

    def _see_to_heap(self) -> None:
        tally = self._state.tally
        spare = layout.PUSHES * int(tally[layout.MARGIN])
        if int(tally[layout.EVENTS]) + spare > self._state.heap.size:
            self._state = with_heap(self._state)

    def _fetch_arrivals(self) -> None:
        """Arrivals of the next stretch of time, as long as makes a good block."""
        start = self._horizon
        end = min(start + self._stretch, self.until, self._ahead())
        times, ids = self._arrivals.between(start, end)
        block = records(times.size, layout.ARRIVAL)
        block["time"], block["entity"] = times, ids
        self._state = replace(self._state, arrivals=block)
        self._state.tally[layout.NEXT_ARRIVAL] = 0
        self._state.tally[layout.KNOWN_ARRIVALS] = times.size
        if self._foresight is not None:
            self._state = self._foresight.foresee(self._state)
        self._horizon = end if end < self.until else math.inf
        if times.size < self._arrival_block // 2 and end == start + self._stretch:
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
            self._grow(self._state.tokens.size)
        self._see_to_heap()

    def _grow(self, slots: int) -> None:
        """Give every pool `slots` more slots, and the heap what they can need."""
        slots = max(slots, int(self._state.tally[layout.MARGIN]))
        self._state = grown(self._state, slots)


def traits_of(station: Station) -> Iterator[Trait]:
    """What a station goes by."""
    if station.prioritised:
        yield Trait(station.name, "priority")
    if station.sized:
        yield Trait(station.name, "size")
    if station.cache is not None:
        yield Trait(station.name, "key")
