"""Bursts: a path of chance through time, alternately quiet and busy.

A Markov chain that begins bursts at rate a and ends them at rate b is the same process as this one:
at the points of a Poisson process of rate a + b it is drawn anew whether it is busy, with
probability a / (a + b). So what holds at a time depends on the last point before it and on nothing
earlier: points are keyed by cells of time, and the path doesn't depend on where a run begins, in
which blocks it is asked for, or on anything that happens in it.
Source: uniformisation of a chain with two states (Jensen, 1953); arrivals whose rate follows one
are a Markov-modulated Poisson process (Fischer and Meier-Hellstern, 1993).
"""

import math

import numpy as np

from mlsim.engine import draws
from mlsim.engine.draws import Floats

POINTS_PER_CELL = 16.0
"""Points that a cell holds on average."""


class Bursts:
    """Busy for `lasting` seconds on average, then quiet for `apart`, both exponential.

    >>> path = Bursts(lasting=30.0, apart=600.0, seed=1, stream="doc")
    >>> sorted(set(path(np.arange(0.0, 86400.0, 10.0)).tolist()))
    [0.0, 1.0]
    """

    def __init__(self, lasting: float, apart: float, seed: int, stream: str) -> None:
        self._busy = lasting / (lasting + apart)
        self._gap = 1.0 / (1.0 / lasting + 1.0 / apart)
        self._cell = POINTS_PER_CELL * self._gap
        self._gap_key = draws.stream(seed, f"{stream}/gap")
        self._state_key = draws.stream(seed, f"{stream}/state")

    def __call__(self, time: Floats) -> Floats:
        """1 where it is busy and 0 where it is quiet, at each of n times in seconds."""
        if not time.size:
            return np.empty(0)
        first, last = (math.floor(t / self._cell) for t in (time.min(), time.max()))
        points, busy = self._points(first, last)
        while not points.size or points[0] > time.min():
            first -= 1
            before = self._points(first, first)
            points, busy = (
                np.concatenate(both) for both in zip(before, (points, busy), strict=True)
            )
        return np.asarray(busy[np.searchsorted(points, time, side="right") - 1])

    def _points(self, first: int, last: int) -> tuple[Floats, Floats]:
        """The points of cells `first` to `last` in order of time, and whether it is busy then."""
        cells = np.arange(first, last + 1)
        room = int(POINTS_PER_CELL + 8.0 * math.sqrt(POINTS_PER_CELL))
        while True:
            places = np.tile(np.arange(room), cells.size)
            owners = np.repeat(cells, room)
            gaps = draws.sample(
                self._gap_key, owners, draws.Distribution.EXPONENTIAL, self._gap, 0.0, places
            )
            offsets = np.cumsum(gaps.reshape(cells.size, room), axis=1)
            if offsets[:, -1].min() >= self._cell:
                break
            room *= 2  # chance has put more points into a cell than eight standard deviations over
        inside = (offsets < self._cell).ravel()
        points = (owners * self._cell + offsets.ravel())[inside]
        luck = draws.uniform(self._state_key, owners[inside], places[inside])
        return points, (luck < self._busy).astype(float)
