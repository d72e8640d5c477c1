"""How rows are delivered to a collector: once and at once, unless that has changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlsim.engine import draws
from mlsim.engine.columns import Formula, Rows
from mlsim.engine.network import Requests

Marks = NDArray[np.bool_]


@dataclass(frozen=True)
class Hitch:
    """Something that happens to a `share` of the rows, and the time that each of them takes by it.

    stream: whose draws decide which rows. delay: in seconds, without names.
    """

    share: float
    stream: np.uint64
    delay: Formula

    def of(self, log: Requests) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Which rows it happens to, and by how many seconds each is late."""
        hit = np.flatnonzero(draws.uniform(self.stream, log.request, log.answer) < self.share)
        rows = Rows(log.request[hit], log.end[hit], {}, log.answer[hit])
        return hit, np.maximum(self.delay(rows), 0.0)


@dataclass(frozen=True)
class Delivery:
    """The way to a collector as it is now.

    late: rows that arrive later than they were sent. again: rows that arrive once more, later.
    room: the share of the collector's capacity that is there. stores: whether it stores anything.
    full: whether it refuses all rows, for want of a place to store them.
    """

    late: Hitch | None = None
    again: Hitch | None = None
    room: float = 1.0
    stores: bool = True
    full: bool = False


class Kept(NamedTuple):
    """Rows that a fault keeps from a collector, as they should have come, and when they do come.

    arrives: float64[n] in seconds; inf for never.
    """

    log: Requests
    arrives: NDArray[np.float64]

    @classmethod
    def forever(cls, log: Requests) -> "Kept":
        """Rows that never come."""
        return cls(log, np.full(log.end.size, np.inf))


class Mail:
    """The rows of one load on their way to one collector; it holds back those that are late."""

    def __init__(self) -> None:
        self._logs: list[Requests] = []
        self._marks: list[Marks] = []
        self._kept: list[Kept] = []

    def kept_by_faults(self) -> list[Kept]:
        """The rows that were lost or late among those sent since this was asked last."""
        kept, self._kept = self._kept, []
        return kept

    def deliver(
        self, log: Requests, settings: Sequence[Delivery], stamps: NDArray[np.integer], until: float
    ) -> tuple[Requests, Marks]:
        """The rows that arrive up to `until` (seconds), in order of time, and which a hitch had.

        log: rows that were sent since the last call. stamps: which settings are in force for each.
        """
        for number in np.unique(stamps):
            self._send(_chosen(log, stamps == number), settings[number])
        if not self._logs:
            return _chosen(log, np.zeros(0, np.intp)), np.zeros(0, bool)
        everything = Requests._make(map(np.concatenate, zip(*self._logs, strict=True)))
        marks = np.concatenate(self._marks)
        order = np.argsort(everything.end, kind="stable")
        arrived = np.searchsorted(everything.end[order], until, side="right")
        waiting = order[arrived:]
        self._logs = [_chosen(everything, waiting)] if waiting.size else []
        self._marks = [marks[waiting]] if waiting.size else []
        return _chosen(everything, order[:arrived]), marks[order[:arrived]]

    def _send(self, log: Requests, delivery: Delivery) -> None:
        if not delivery.stores:
            self._kept.append(Kept.forever(log))
            return
        marks, end = np.zeros(log.end.size, bool), log.end.copy()
        if delivery.late:
            hit, delay = delivery.late.of(log)
            marks[hit] = True
            end[hit] += delay
            late = hit[delay > 0]
            self._kept.append(Kept(_chosen(log, late), end[late]))
        self._logs.append(log._replace(end=end))
        self._marks.append(marks)
        if delivery.again:
            hit, delay = delivery.again.of(log)
            copies = _chosen(self._logs[-1], hit)
            self._logs.append(copies._replace(end=copies.end + delay))
            self._marks.append(np.ones(hit.size, bool))


def _chosen(log: Requests, rows: NDArray[np.generic]) -> Requests:
    return Requests._make(column[rows] for column in log)
