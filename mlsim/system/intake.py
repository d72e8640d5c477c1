"""What a collector takes in when more comes than it can write: nobody hears of the rest."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mlsim.engine import draws
from mlsim.engine.network import Requests
from mlsim.scenario.kinds import Spec
from mlsim.scenario.units import Duration, Name
from mlsim.system.delivery import Kept


class Capacity(Spec):
    """How much a collector can write, in batches: what comes in a period is written at its end."""

    rows: int = Field(ge=0)
    """Rows that it can write in each period."""
    per: Duration = Field(60.0, gt=0)
    """The period."""
    drop: Literal["newest", "random", "largest_sender", "sample"] = "newest"
    """Which rows are lost of a period with too many: those that came last; any; those of the
    senders that sent most, until all have an equal share; or any again, since each row is kept only
    with the probability that the period before would have needed (then the newest, if need be)."""
    sender: Name | None = None
    """The column of the world that tells senders apart; each load is one sender if not given."""


Senders = Callable[[Requests], NDArray[np.generic]]


class Intake:
    """The rows on their way into one collector, held back until the end of their period.

    stream: whose draws decide which rows are lost. senders: who sent each row. room: the share of
    the capacity that is there in the period that ends at a time in seconds.
    """

    def __init__(
        self,
        capacity: Capacity,
        stream: np.uint64,
        senders: Senders,
        room: Callable[[float], float],
    ):
        self._capacity, self._stream = capacity, stream
        self._senders, self._room = senders, room
        self._waiting: list[Requests] = []
        self._lost: list[Requests] = []
        self._last = (-np.inf, 0)

    def take(self, log: Requests, until: float) -> Requests:
        """What has been written up to `until` (seconds), of rows that come in order of time."""
        self._waiting.append(log)
        rows = joined(self._waiting)
        period = np.ceil(rows.end / self._capacity.per)
        over = int(np.searchsorted(period * self._capacity.per, until, side="left"))
        self._waiting = [selected(rows, slice(over, None))]
        written = [
            self._written(number, selected(rows, slice(start, end)))
            for number, start, end in _spans(period[:over])
        ]
        return joined(written) if written else selected(rows, slice(0))

    def lost_to_faults(self) -> Kept:
        """Of the rows lost since this was asked last, those for which there would be room."""
        lost, self._lost = self._lost, []
        return Kept.forever(joined(lost or [selected(self._waiting[0], slice(0))]))

    def _written(self, number: float, rows: Requests) -> Requests:
        end = number * self._capacity.per
        room = self._room(end)
        kept = np.sort(self._kept(number, rows, int(self._capacity.rows * room)))
        if room < 1:
            meant = self._kept(number, rows, self._capacity.rows)
            self._lost.append(selected(rows, np.setdiff1d(meant, kept)))
        self._last = (number, rows.end.size)
        written = selected(rows, kept)
        return written._replace(end=np.full(kept.size, end))

    def _kept(self, number: float, rows: Requests, places: int) -> NDArray[np.intp]:
        """The rows, by their place, for which there is room."""
        came: NDArray[np.intp] = np.arange(rows.end.size)
        if self._capacity.drop == "sample" and self._last[0] == number - 1:
            came = came[self._luck(rows) * self._last[1] < places]
        if came.size <= places:
            return came
        if self._capacity.drop == "random":
            return np.asarray(np.argsort(self._luck(rows), kind="stable")[:places])
        if self._capacity.drop == "largest_sender":
            senders = self._senders(rows)
            return np.flatnonzero(_turn(senders) < _fair_share(senders, places))
        return came[:places]

    def _luck(self, rows: Requests) -> NDArray[np.float64]:
        return draws.uniform(self._stream, rows.request, rows.answer)


def _turn(senders: NDArray[np.generic]) -> NDArray[np.int64]:
    """How many rows of the same sender came before each row.

    >>> _turn(np.array([7, 7, 3, 7])).tolist()
    [0, 1, 0, 2]
    """
    order = np.argsort(senders, kind="stable")
    ordered = senders[order]
    first = np.searchsorted(ordered, ordered, side="left")
    turn = np.empty(senders.size, np.int64)
    turn[order] = np.arange(senders.size) - first
    return turn


def _fair_share(senders: NDArray[np.generic], places: int) -> int:
    """The most rows that each sender may have, so that there are places for all.

    >>> _fair_share(np.array([1, 1, 1, 1, 2, 3, 3]), 5)
    2
    """
    sent = np.sort(np.unique(senders, return_counts=True)[1])
    share = 0
    while np.minimum(sent, share + 1).sum() <= places:
        share += 1
    return share


def _spans(period: NDArray[np.float64]) -> list[tuple[float, int, int]]:
    """(period, first row, row after its last) of periods in order.

    >>> _spans(np.array([2.0, 2.0, 5.0]))
    [(2.0, 0, 2), (5.0, 2, 3)]
    """
    numbers, first = np.unique(period, return_index=True)
    ends = np.append(first, period.size)[1:]
    return list(zip(numbers.tolist(), first.tolist(), ends.tolist(), strict=True))


def joined(logs: list[Requests]) -> Requests:
    """Rows of several logs, one after another."""
    return Requests._make(map(np.concatenate, zip(*logs, strict=True)))


def selected(log: Requests, rows: NDArray[np.generic] | slice) -> Requests:
    """Some rows of a log."""
    return Requests._make(column[rows] for column in log)
