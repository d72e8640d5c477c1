"""Arrivals that a changed rate keeps: thinning of a keyed Poisson field.

Points (t, y) of a unit Poisson field lie on the plane of time and rate; a point is an arrival
where y < rate(t). So two variants with different rates share every person that both admit. The
plane is cut into cells: slots of 64 s along time; along the rate the band [0, 2**-8), then
doublings, [2**-8, 2**-7), [2**-7, 2**-6) ... Within its cell a point has a number, and so an id
that neither the rate nor the block in which it was made can change:

    bits 57..62   number of the load, 0..63
    bits 31..56   slot + 2**25: from 68 years before time 0 to 34 after it; what lies beyond, where
                  bits 55 and 56 are set, are requests that follow on others (see `sessions`)
    bits 26..30   band: up to 2**23 arrivals per second
    bits  0..25   number of the point within its cell
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from mlsim.engine import portable
from mlsim.engine.draws import Floats, Ids, stream, uniform_at
from mlsim.engine.jit import kernel_entry, kernel_step

SLOT_SECONDS = 64.0
INDEX_BITS = 26
BAND_BITS = 5
SLOT_BITS = 26
LOAD_SHIFT = INDEX_BITS + BAND_BITS + SLOT_BITS
LOADS = 1 << (63 - LOAD_SHIFT)
SLOT_OFFSET = 1 << (SLOT_BITS - 1)
FOLLOWS = 3 << (LOAD_SHIFT - 2)
LOWEST_BAND = 2.0**-8
BANDS = 1 << BAND_BITS
SLOTS_PER_BOUND = 64
AT_ONCE = 1024
"""Points of a cell that are drawn together."""
ROUNDING = 1e-9
"""By how much of its bound a rate may be over it."""


class Source(Protocol):
    """Something that arrivals come from."""

    def between(self, start: float, end: float) -> tuple[Floats, Ids]:
        """Times and entity ids of the arrivals in [start, end), ordered by (time, id)."""
        ...


class Arrivals:
    """Non-homogeneous Poisson arrivals of one load, the same people under any rate.

    rate: arrivals per second at an array of times.
    upper: a bound of the rate over [start, end); only the work depends on how tight it is.
    seed, load: name the streams; number: 0..63, kept in the ids.
    Raises: ValueError for a number out of range, a rate over `upper`, or what ids can't hold.
    Source: Lewis and Shedler (1979), "Simulation of nonhomogeneous Poisson processes by thinning".

    >>> steady = Arrivals(lambda t: np.full(t.size, 0.5), lambda start, end: 0.5, 1, "jobs", 0)
    >>> times, ids = steady.between(0.0, 1000.0)
    >>> first, _ = steady.between(0.0, 123.0)
    >>> bool(np.array_equal(first, times[: first.size]))
    True
    """

    def __init__(
        self,
        rate: Callable[[Floats], Floats],
        upper: Callable[[float, float], float],
        seed: int,
        load: str,
        number: int,
    ) -> None:
        if not 0 <= number < LOADS:
            raise ValueError(f"load '{load}': number must be in 0..{LOADS - 1} (got {number})")
        self._rate = rate
        self._upper = upper
        self._load = load
        self._number = number
        self._gap_key = stream(seed, f"arrivals/{load}/gap")
        self._height_key = stream(seed, f"arrivals/{load}/height")

    def between(self, start: float, end: float) -> tuple[Floats, Ids]:
        """Times and entity ids of the arrivals in [start, end), ordered by (time, id)."""
        if not start < end:
            return np.empty(0), np.empty(0, np.int64)
        return _joined([self._span(slot, start, end) for slot in _spans(start, end)])

    def _span(self, slot: int, start: float, end: float) -> tuple[Floats, Ids]:
        """Arrivals of the slots from `slot` on that one bound covers."""
        last = min(slot + SLOTS_PER_BOUND, math.ceil(end / SLOT_SECONDS))
        bound = self._upper(max(start, slot * SLOT_SECONDS), min(end, last * SLOT_SECONDS))
        bands = _bands_below(bound, self._load)
        base = (self._number << SLOT_BITS) + slot + SLOT_OFFSET
        most = bound * (1.0 + ROUNDING)
        times, heights, ids = _field(
            self._gap_key, self._height_key, base, slot, last - slot, bands, most
        )
        if slot * SLOT_SECONDS < start or end < last * SLOT_SECONDS:
            inside = (times >= start) & (times < end)
            times, heights, ids = times[inside], heights[inside], ids[inside]
        rates = np.asarray(self._rate(times), dtype=np.float64)
        if rates.size and rates.max() > most:
            raise ValueError(
                f"load '{self._load}': rate {rates.max()} is over its stated bound {bound}"
            )
        kept = heights < rates
        return (times, ids) if kept.all() else (times[kept], ids[kept])


class Merged:
    """Several sources as one, ordered by (time, id)."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = tuple(sources)

    def between(self, start: float, end: float) -> tuple[Floats, Ids]:
        """Times and entity ids of all sources in [start, end), ordered by (time, id)."""
        parts = [source.between(start, end) for source in self._sources]
        if not parts:
            return np.empty(0), np.empty(0, np.int64)
        return parts[0] if len(parts) == 1 else _in_order(*_joined(parts))


def merge(sources: Sequence[Source]) -> Merged:
    """All arrivals of several sources; their loads need different numbers."""
    return Merged(sources)


def load_of(ids: Ids) -> Ids:
    """Number of the load that each entity belongs to."""
    return ids >> LOAD_SHIFT


def _spans(start: float, end: float) -> range:
    """First slots of the stretches over which one bound of the rate is asked for."""
    first, last = math.floor(start / SLOT_SECONDS), math.ceil(end / SLOT_SECONDS)
    if first < -SLOT_OFFSET or last > SLOT_OFFSET // 2:
        raise ValueError(
            f"arrivals in [{start}, {end}) s: ids hold 68 years before time 0 and 34 after it"
        )
    return range(first, last, SLOTS_PER_BOUND)


def _bands_below(bound: float, load: str) -> int:
    """How many bands cover the rates up to `bound`."""
    if not 0.0 <= bound <= LOWEST_BAND * 2.0 ** (BANDS - 1):
        raise ValueError(f"load '{load}': rate must be in 0..{2 ** (BANDS - 9)}/s (got {bound})")
    if bound == 0.0:
        return 0
    return 1 + max(0, math.ceil(math.log2(bound / LOWEST_BAND)))


def _joined(parts: Sequence[tuple[Floats, Ids]]) -> tuple[Floats, Ids]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([times for times, _ in parts]), np.concatenate([ids for _, ids in parts])


def _in_order(times: Floats, ids: Ids) -> tuple[Floats, Ids]:
    order = np.argsort(times, kind="stable")  # which makes use of runs that are in order
    ordered = times[order]
    if np.any(ordered[1:] == ordered[:-1]):
        order = np.lexsort((ids, times))
    return times[order], ids[order]


class Points(NamedTuple):
    """Points of the field: columns of times in seconds, heights in 1/s, and ids."""

    times: Any
    heights: Any
    ids: Any


def _room_for(points: int) -> Points:
    return Points(np.empty(points), np.empty(points), np.empty(points, np.int64))


def _field(
    gap_key: np.uint64,
    height_key: np.uint64,
    base: int,
    slot: int,
    slots: int,
    bands: int,
    most: float,
) -> Points:
    """The points below `most` in `slots` slots, in order of time."""
    expected = SLOT_SECONDS * slots * most
    room = int(expected + 6.0 * math.sqrt(expected) + 16.0)
    keys, draws = (gap_key, height_key), (np.empty(AT_ONCE), np.empty(AT_ONCE))
    while True:
        points, loose, ends = _room_for(room), _room_for(room), np.empty(room + 1, np.int64)
        n = _fill(points, loose, ends, keys, draws, base, slot, slots, bands, most)
        if n <= room:
            return Points(*(column[:n] for column in points))
        room *= 2  # chance had more points than six standard deviations over what is expected


@kernel_entry
def _fill(
    points: Any,
    loose: Any,
    ends: Any,
    keys: Any,
    draws: Any,
    base: int,
    slot: int,
    slots: int,
    bands: int,
    most: float,
) -> int:
    """Write points; returns their number, or one that there is no room for.

    Those of a slot are made band after band, and then put in order.
    """
    n = 0
    for step in range(slots):
        number, start = 0, (slot + step) * SLOT_SECONDS
        for band in range(bands):
            cell = ((base + step) << BAND_BITS) + band
            number = _fill_cell(loose, number, keys, draws, cell, start, most)
            if n + number > points.ids.size:
                return n + number
        _put_in_order(points, n, loose, number, ends, start)
        n += number
    return n


@kernel_step
def _fill_cell(
    points: Any, n: int, keys: Any, draws: Any, cell: int, start: float, most: float
) -> int:
    """Write the points of a cell from place n on; returns the next place, or one too many.

    Draws are made many at a time, in loops of which the compiler does several rounds at once.
    """
    gaps, shares = draws
    band = cell & (BANDS - 1)
    low = 0.0 if band == 0 else LOWEST_BAND * 2.0 ** (band - 1)
    width = LOWEST_BAND * 2.0**band - low
    entity, offset = cell << INDEX_BITS, 0.0
    while offset < SLOT_SECONDS:
        due = width * (SLOT_SECONDS - offset)
        drawn = min(AT_ONCE, 1 + int(due + math.sqrt(due)))
        for k in range(drawn):
            gaps[k] = uniform_at(keys[0], entity + k, 0)
        for k in range(drawn):
            gaps[k] = -portable.log_of_normal(gaps[k], 0) / width
        for k in range(drawn):
            shares[k] = uniform_at(keys[1], entity + k, 0)
        for k in range(drawn):
            offset += gaps[k]
            if offset >= SLOT_SECONDS:
                break
            height = low + width * shares[k]
            if height < most:
                if n == points.ids.size:
                    return n + 1
                _put(points, n, start + offset, height, entity + k)
                n += 1
        entity += drawn
    return n


@kernel_step
def _put_in_order(
    points: Any, first: int, loose: Any, number: int, ends: Any, start: float
) -> None:
    """Copy the points of the slot that begins at `start`, in order of time, to `first` and on.

    The slot is cut into as many parts as it has points. Each point goes to its part at once, and
    then past the few there that come later. Of two at one time, that of the lower band has the
    smaller id and comes first, as it was made first.
    """
    per_second = number / SLOT_SECONDS
    for part in range(number + 1):
        ends[part] = 0
    for k in range(number):
        ends[1 + _part(loose.times[k] - start, per_second, number)] += 1
    for part in range(number):
        ends[part + 1] += ends[part]
    for k in range(number):
        part = _part(loose.times[k] - start, per_second, number)
        _put(points, first + ends[part], loose.times[k], loose.heights[k], loose.ids[k])
        ends[part] += 1
    for k in range(first + 1, first + number):
        time, height, entity, place = points.times[k], points.heights[k], points.ids[k], k
        while place > first and points.times[place - 1] > time:
            place -= 1
            before = points.times[place], points.heights[place], points.ids[place]
            _put(points, place + 1, *before)
        _put(points, place, time, height, entity)


@kernel_step
def _part(offset: float, per_second: float, parts: int) -> int:
    # The sum of the slot's begin and an offset may be rounded up to its end.
    return min(int(offset * per_second), parts - 1)


@kernel_step
def _put(points: Any, place: int, time: float, height: float, entity: int) -> None:
    points.times[place], points.heights[place], points.ids[place] = time, height, entity
