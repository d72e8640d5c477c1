"""The Python face of the kernel: build a network, move it, look at it, change it."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlsim.engine import kernel
from mlsim.engine import state as layout
from mlsim.engine.ahead import draw_ahead
from mlsim.engine.arrivals import Source
from mlsim.engine.building import empty_state, grown, records
from mlsim.engine.draws import stream
from mlsim.engine.foresight import Foresight, Steering
from mlsim.engine.handing import handed
from mlsim.engine.operating import Operated
from mlsim.engine.parts import AfterCrash, Balancing, Cache, Client, Service, Session, Station
from mlsim.engine.routes import (
    ChainLike,
    RouteError,
    Shards,
    Trait,
    compile_routes,
)
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

LARGE = 1 << 15
"""Slots: below, pools grow sixteenfold, since it is copying that costs, not room; then double."""

NOBODY_GOES_ON: Mapping[int, Session] = MappingProxyType({})


class Network(Operated):
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
        self.until = until
        self._arrivals = arrivals
        self._ahead = ahead
        self._horizon = start
        self._arrival_block = arrival_block
        self._stretch = 64.0
        self._on_visits = on_visits
        self._on_requests = on_requests
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
        names = (*(s.name for s in stations), *(c.name for c in clients))
        index = {name: k for k, name in enumerate(names)}
        state = empty_state(program, stations, clients, index, log_block, seed, sessions, until)
        state.tally[layout.LOGS_VISITS] = visits and on_visits is not None
        for k, station in enumerate(stations):
            state.stations[k].key = stream(seed, f"service/{station.name}")
            state.stations[k].failing_key = stream(seed, f"failing/{station.name}")
            state.stations[k].losing_key = stream(seed, f"losing/{station.name}")
            state.stations[k].balancing_key = stream(seed, f"balancing/{station.name}")
        super().__init__(names, stations, state, start)
        self._grow(slots)
        self._foresight: Foresight | None = None
        if program.questions:
            if steering is None:
                raise RouteError(f"nobody can answer {program.questions[0]}")
            self._foresight = Foresight(steering, program, self.names)

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
                self._foresight.catch_up(self._state, self._horizon)
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
            self._on_visits(Visits(*self._logged("visit", Visits._fields, seen)))
        if ended and self._on_requests is not None:
            self._on_requests(Requests(*self._logged("row", Requests._fields, ended)))

    def _logged(self, log: str, names: Iterable[str], number: int) -> Iterator[NDArray[Any]]:
        """Copies of the first rows of columns of a log."""
        return (getattr(self._state, f"{log}_{name}")[:number].copy() for name in names)

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

    def unended(self) -> NDArray[np.int64]:
        """How many requests have come by `now` and not ended, by the number of their load."""
        requests = self._state.requests
        open_now = (requests["references"] > 0) & (requests["state"] == layout.PENDING)
        come = requests["load"][open_now & (requests["arrival"] <= self.now)]
        return np.bincount(come, minlength=self._state.loads.size)

    def opened(self, client: str) -> int:
        """How often the circuit breaker of a client has opened, from time 0 on."""
        loads = self._state.loads
        return int(loads["opened"][loads["client"] == self.index(client)].sum())

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
            work=np.where(serving, self._work_so_far(here), 0.0),
            priority=np.full(slots.size, -1, np.int32),
            outcome=np.full(slots.size, -1, np.int32),
        )

    def _work_so_far(self, visits: Any) -> NDArray[np.float64]:
        """Seconds of a worker that visits which are being served have taken by `now`."""
        stations = self._state.hops["station"][visits["hop"]]
        there = self._state.replicas[stations, np.maximum(visits["replica"], 0)]
        share = np.minimum(1.0, there["workers"] / np.maximum(there["busy"], 1))
        given = there["given"] + (self.now - there["updated"]) * share - visits["given"]
        shared = self._state.stations["sharing"][stations] > 0
        return np.asarray(np.where(shared, given, self.now - visits["start"]))

    def _in_line(self) -> Iterator[int]:
        """The tokens that wait, station by station, line by line, in order of arrival."""
        for k in range(len(self._stations)):
            for replica in range(len(self._up[k])):
                yield from self._waiting_at(k, replica)

    def _fetch_arrivals(self) -> None:
        """Arrivals of the next stretch of time, as long as makes a good block."""
        start = self._horizon
        end = min(start + self._stretch, self.until, self._ahead())
        times, ids = self._arrivals.between(start, end)
        if times.size > self._state.arrivals.size:
            drawn = np.zeros((len(self._stations), times.size))
            block = records(times.size, layout.ARRIVAL)
            self._state = replace(self._state, arrivals=block, drawn_ahead=drawn)
        block = self._state.arrivals[: times.size]
        block["time"], block["entity"] = times, ids
        self._state.tally[layout.NEXT_ARRIVAL] = 0
        self._state.tally[layout.KNOWN_ARRIVALS] = times.size
        draw_ahead(handed(self._state))
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
            size = self._state.tokens.size
            self._grow(15 * size if size < LARGE else size)
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
