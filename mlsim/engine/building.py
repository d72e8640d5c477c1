"""The state of a new network, and how its pools grow."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlsim.engine import state as layout
from mlsim.engine.arrivals import LOADS
from mlsim.engine.attempts import SAVINGS
from mlsim.engine.draws import stream
from mlsim.engine.parts import PRIORITIES, Client, Session, Station
from mlsim.engine.routes import Program, Trait

HABITS = (
    *("timeout", "retries", "growth", "cap", "jitter", "budget"),
    *("deadline", "cancels", "falls_back", "hedges", "hedge_after", "trips_at", "open_for"),
)
"""What loads know of their client."""

UNLIMITED = 1 << 40
"""Stands for "no limit" in counts of workers and places; no run comes near it."""


def empty_state(
    program: Program,
    stations: Sequence[Station],
    clients: Sequence[Client],
    index: Mapping[str, int],
    log_block: int,
    seed: int,
    sessions: Mapping[int, Session],
    until: float,
) -> layout.State:
    """The state of an empty network, without slots."""
    # One event takes tokens over each hop once at most: so much may be logged or made by it. A
    # cancellation may end as many visits of each attempt of a request, a batch those of all in it.
    cancels = any(client.cancels for client in clients) or bool(program.hops["cancels"].any())
    attempts = 2 + max((c.hedges + c.retries for c in clients), default=0) if cancels else 1
    batch = max((station.batch for station in stations), default=1)
    margin = batch * attempts * program.hops.size * program.repeats + 2
    tally = np.zeros(layout.TALLIES, np.int64)
    tally[layout.MARGIN] = margin
    tally[layout.CANCELS] = cancels
    lanes = 1 + PRIORITIES if any(station.prioritised for station in stations) else 1
    tally[layout.LANES] = lanes
    columns = max((s.replicas for s in stations), default=1)
    log = max(log_block, 1) + margin - 1
    loads, ways = _loads(program, clients, index, seed), records(0, layout.WAY)
    for number, session in sessions.items():
        ways = _with_session(loads[number], ways, session, seed)
    loads["until"] = until
    answers = len(program.questions) + len(index) if program.questions else 0
    ahead = answers + 3 if answers else 0
    caches, room, buckets = _caches(stations, program)
    return layout.State(
        tally=tally,
        clock=np.full(1, -math.inf),
        heap=records(0, layout.EVENT),
        agenda=np.zeros(2 * margin, np.int64),
        requests=records(0, layout.REQUEST),
        attempts=records(0, layout.ATTEMPT),
        tokens=records(0, layout.TOKEN),
        drawn=np.zeros((0, len(stations)), np.float64),
        stamps=np.zeros((0, len(index)), np.int32),
        joined=np.zeros((0, program.joins), np.int32),
        answers=np.zeros((0, answers), np.int64),
        told=np.zeros((0, len(program.questions)), np.int64),
        expected=np.zeros((0, ahead), np.int64),
        hops=as_records(program.hops),
        targets=program.targets,
        loads=loads,
        ways=ways,
        stations=_stations(stations, program, seed),
        settings=np.zeros(len(index), np.int32),
        replicas=fresh_replicas(len(stations), columns),
        lines=records(columns * lanes * len(stations), layout.LINE),
        caches=caches,
        buckets=np.zeros(buckets, np.int32),
        entries=records(room, layout.ENTRY),
        kept=np.zeros((room, len(index)), np.int32),
        arrivals=records(0, layout.ARRIVAL),
        foreseen=np.zeros((0, ahead), np.int64),
        drawn_ahead=np.zeros((len(stations), 0), np.float64),
        row_stamps=np.zeros((log, len(index)), np.int32),
        **_log_columns(log),
    )


def _log_columns(log: int) -> dict[str, Any]:
    """Columns of the logs of visits and of requests, with so many rows."""
    return {
        name: np.zeros(log, dtype)
        for name, dtype, dimensions in layout.ARRAYS
        if name.startswith(("visit_", "row_")) and dimensions == 1
    }


def grown(old: layout.State, slots: int) -> layout.State:
    """The same state with `slots` more free slots in every pool, and a heap to match."""
    per_request, per_attempt = ("requests", "drawn", "expected"), ("attempts", "stamps", "joined")
    pools = (*per_request, *per_attempt, "answers", "told", "tokens")
    return with_heap(replace(old, **{name: _longer(getattr(old, name), slots) for name in pools}))


def widened(old: layout.State, replicas: int) -> layout.State:
    """The same state with room for so many replicas of each station, and a heap to match."""
    columns = old.replicas.shape[1]
    if replicas <= columns:
        return old
    more = (len(old.stations), replicas - columns)
    fresh = fresh_replicas(*more)
    return with_heap(
        replace(
            old,
            replicas=as_records(np.concatenate([old.replicas, fresh], axis=1)),
            lines=_longer(old.lines, more[0] * more[1] * old.tally[layout.LANES]),
        )
    )


def with_heap(state: layout.State) -> layout.State:
    """The same state with a heap that has room.

    Two events per token (completion and failure); a timer and a cancellation per attempt; a retry,
    hedge or arrival, a departure and a cancellation per request; per line a wake and a guard each
    of its batch, its head and its station's calls. What stays there though it is superseded (turns
    of a shared replica, the end of a drawn patience that has outlived its wait) comes on top: the
    kernel asks for more where that leaves too little for an event. One more place serves as a
    scratch.
    """
    certain = 7 * state.tokens.size + 4 * state.lines.size + 1
    wanted = 2 * (state.tally[layout.EVENTS] + layout.PUSHES * state.tally[layout.MARGIN])
    more = int(max(certain, wanted)) - state.heap.size
    if more <= 0:
        return state
    heap = records(state.heap.size + more, layout.EVENT)
    events = state.tally[layout.EVENTS]
    _copy(state.heap[:events], heap)  # the rest is memory that nobody has touched
    return replace(state, heap=heap)


def fresh_replicas(stations: int, columns: int) -> Any:
    """Replicas that have nobody to serve and no room yet."""
    fresh = records((stations, columns), layout.REPLICA)
    fresh["slowness"] = 1.0
    fresh["due"], fresh["first"] = math.inf, -1
    return fresh


def records(size: int | tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """Zeros whose fields are attributes, in Python as in the kernel."""
    return np.zeros(size, _record(dtype)).view(np.recarray)


@cache
def _record(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """One for all arrays of a kind: numba reads the fields of each other one at every call."""
    return np.dtype((np.record, dtype))


def as_records(array: NDArray[Any]) -> Any:
    """A copy whose fields are attributes."""
    copy = records(array.shape, array.dtype)
    copy[...] = array
    return copy


def _longer(array: Any, more: int) -> Any:
    longer = np.zeros((array.shape[0] + more, *array.shape[1:]), array.dtype)
    _copy(array, longer)
    return longer.view(type(array))


def _copy(array: Any, to: Any) -> None:
    """Copy an array to the beginning of a longer one: as bytes, since NumPy copies by field."""
    to.reshape(-1).view(np.uint8)[: array.nbytes] = array.reshape(-1).view(np.uint8)


def _loads(program: Program, clients: Sequence[Client], index: Mapping[str, int], seed: int) -> Any:
    known = {client.name: client for client in clients}
    loads = records(LOADS, layout.LOAD)
    for field in ("client", "first_timer", "last_timer", "first_leaver", "last_leaver"):
        loads[field] = -1
    loads["timeout"] = loads["patience"] = loads["budget"] = math.inf
    owners: dict[str, int] = {}
    for number, (name, hop) in program.entries.items():
        loads[number].hop = hop
        if name is not None:
            who = known[name]
            loads[number].client = index[name]
            loads[number].shared = owners.setdefault(name, number)
            loads[number].key = stream(seed, f"backoff/{name}")
            law = who.backoff_law
            loads[number].backoff = law.distribution
            loads[number].backoff_a, loads[number].backoff_b = law.a, law.b
            loads[number].backoff_key = stream(seed, f"backoff/{name}/law")
            _set_patience(loads[number], who, seed)
            loads[number].savings = SAVINGS
            for habit in HABITS:
                loads[number][habit] = getattr(who, habit)
    return loads


def _set_patience(record: Any, who: Client | Station, seed: int) -> None:
    law = who.patience_law
    record.patience_law = law.distribution
    record.patience, record.patience_b = law.a, law.b
    record.patience_key = stream(seed, f"patience/{who.name}")


def _with_session(load: Any, ways: Any, session: Session, seed: int) -> Any:
    """Tell a load how its people go on; returns the ways with those added."""
    think, name = session.think, session.load
    load.first_way, load.ways = ways.size, len(session.ways)
    load.think, load.think_a, load.think_b = think.distribution, think.a, think.b
    load.think_key = stream(seed, f"load/{name}/think#0")
    load.way_key = stream(seed, f"load/{name}/then")
    load.person_key = stream(seed, f"load/{name}/person")
    own = records(len(session.ways), layout.WAY)
    own["load"] = [number for number, _ in session.ways]
    own["below"] = np.cumsum([probability for _, probability in session.ways])
    return as_records(np.concatenate([ways, own]))


def _stations(stations: Sequence[Station], program: Program, seed: int) -> Any:
    built = records(len(stations), layout.STATION)
    for k, station in enumerate(stations):
        limit = station.queue_limit
        built[k].queue_limit = UNLIMITED if limit is None else limit
        built[k].optional = station.optional
        built[k].retries = station.retries
        built[k].timeout = station.timeout
        _set_patience(built[k], station, seed)
        built[k].failing = station.error_rate
        built[k].question = program.number_of(station.name)
        built[k].priority = program.number_of(Trait(station.name, "priority"))
        built[k].sized = program.number_of(Trait(station.name, "size"))
        built[k].family = station.service.distribution
        built[k].batch, built[k].batch_wait = station.batch, station.batch_wait
        built[k].per_item = station.per_item
        built[k].balancing = layout.SHARED if station.balancing is None else station.balancing
        built[k].after_crash = station.after_crash
        built[k].sharing = station.sharing
        limit = station.concurrency
        built[k].concurrency = UNLIMITED if limit is None else limit
        built[k].rate, built[k].burst = station.rate, station.burst
        built[k].quota, built[k].quota_per = station.quota, station.quota_per
        limits = (station.rate, station.quota)
        built[k].guarded = min(limits) < math.inf or limit is not None
        built[k].sheds_above, built[k].coldness = station.sheds_above, station.coldness
    built["permits"], built["filled"] = built["burst"], -math.inf
    for load in program.entries:
        for k in program.names_met(load) & set(range(len(stations))):
            built[k].met_by |= np.uint64(1 << load).view(np.int64)
    built["first_call"] = built["last_call"] = built["turn"] = built["cache"] = -1
    with_cache = [k for k, station in enumerate(stations) if station.cache]
    built["cache"][with_cache] = np.arange(len(with_cache))
    return built


def _caches(stations: Sequence[Station], program: Program) -> tuple[Any, int, int]:
    """The caches of stations, all empty; how many entries they have room for, and buckets."""
    known = [(station.name, station.cache) for station in stations if station.cache]
    built = records(len(known), layout.CACHE)
    room = buckets = 0
    for own, (name, spec) in zip(built, known, strict=True):
        own.ttl, own.capacity = spec.ttl, spec.capacity
        own.question = program.number_of(Trait(name, "key"))
        own.first_entry, own.first_bucket = room, buckets
        own.mask = (1 << (spec.capacity - 1).bit_length()) - 1
        room, buckets = room + spec.capacity, buckets + own.mask + 1
    built["free"] = built["newest"] = built["oldest"] = -1
    return built, room, int(buckets)
