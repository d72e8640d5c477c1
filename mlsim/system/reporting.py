"""The way of rows from the network to those who listen: taken in or not, on time, late or twice."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlsim.engine import draws
from mlsim.engine.network import Requests
from mlsim.system.collector import Collector
from mlsim.system.delivery import Kept, Mail
from mlsim.system.intake import Capacity, Intake, joined, selected
from mlsim.system.listening import Listener, LossListener
from mlsim.system.requests import RequestBlock

if TYPE_CHECKING:
    from mlsim.system.simulation import System

NOBODY = -1
"""In the network's log: the end of a request, and not a row at some collector."""


class Reporting:
    """Brings rows to the listeners, in order of the time at which they arrive.

    listeners: who is told. losses: who is told of rows that a fault keeps from a collector.
    """

    def __init__(
        self, system: "System", listeners: Sequence[Listener], losses: Sequence[LossListener]
    ):
        self._system, self._listeners, self._losses = system, listeners, losses
        self._mail: dict[tuple[int, int], Mail] = {}
        self._none: Requests | None = None
        # A copy of a request may also be sent to a component that reports to nobody.
        self._collectors = [system.network.index(name) for name in system.collectors]
        self._intakes = {
            system.network.index(name): self._intake(name, spec.capacity)
            for name, spec in system.scenario.system.items()
            if isinstance(spec, Collector) and spec.capacity
        }

    def take(self, rows: Requests) -> None:
        """Rows that the network hands out, in order of time."""
        self._none = selected(rows, slice(0))
        self._bring(self._let_in(rows), float(rows.end.max()))

    def catch_up(self, now: float) -> None:
        """Bring what has become due by `now` (seconds) though no other row has come since."""
        if self._none is not None:
            self._bring(self._none, now)

    def _bring(self, rows: Requests, until: float) -> None:
        """Sort rows by load and by where they ended, and tell the listeners."""
        rows = self._taken_in(rows, until)
        rows = selected(rows, np.isin(rows.where, [NOBODY, *self._collectors]))
        for number, load in enumerate(self._system.scenario.load):
            # Late rows arrive even where no others do.
            for where in np.union1d(rows.where, [w for w, n in self._mail if n == number]):
                log = selected(rows, (rows.load == number) & (rows.where == where))
                block = self._block(load, log)
                if where != NOBODY:
                    block = self._delivered(block, load, (int(where), number), until)
                if block.log.end.size:
                    self._tell_of(int(where), block)

    def _let_in(self, rows: Requests) -> Requests:
        """The same rows, but those that were refused where they were sent."""
        aside = np.flatnonzero(rows.where != NOBODY)
        refused = aside[rows.stamps[aside, rows.where[aside]] < 0]
        if not refused.size:
            return rows
        for where in self._collectors:
            own = selected(rows, refused[rows.where[refused] == where])
            collector = self._system[self._system.network.names[where]]
            before = collector.in_force(np.nextafter(own.end, -np.inf))
            full = np.array([settings.full for settings in collector.settings])
            self._tell_of_lost(where, Kept.forever(selected(own, full[before])))
        return selected(rows, np.isin(np.arange(rows.end.size), refused, invert=True))

    def _taken_in(self, rows: Requests, until: float) -> Requests:
        """The same rows, but those that collectors have no room for, or have not written yet."""
        if not self._intakes:
            return rows
        taken = [selected(rows, np.isin(rows.where, list(self._intakes), invert=True))]
        for where, intake in self._intakes.items():
            taken.append(intake.take(selected(rows, rows.where == where), until))
            self._tell_of_lost(where, intake.lost_to_faults())
        return joined(taken)

    def _intake(self, name: str, capacity: Capacity) -> Intake:
        collector = self._system[name]

        def room(end: float) -> float:
            before_its_end = np.nextafter(end, -np.inf)
            return float(collector.settings[int(collector.in_force(before_its_end))].room)

        stream = draws.stream(self._system.seed, f"intake/{name}")
        return Intake(capacity, stream, partial(self._senders, capacity.sender), room)

    def _senders(self, column: str | None, rows: Requests) -> NDArray[np.generic]:
        """Who sent each row: its load, or the value of a column of the world."""
        if column is None:
            return rows.load
        senders = np.full(rows.load.size, np.nan)
        for number, (name, load) in enumerate(self._system.scenario.load.items()):
            own = rows.load == number
            truth = self._system.world.truth(name, load, rows.request[own], rows.arrival[own])
            if column in truth:
                senders[own] = truth[column]
        return senders

    def _block(
        self, load: str, log: Requests, hitched: NDArray[np.bool_] | None = None
    ) -> RequestBlock:
        system = self._system
        truth = system.world.truth(load, system.scenario.load[load], log.request, log.arrival)
        return RequestBlock(
            log, truth, system, system.ways[load], system.network.index, hitched, system.conditions
        )

    def _delivered(
        self, block: RequestBlock, load: str, way: tuple[int, int], until: float
    ) -> RequestBlock:
        """Of the rows sent to a collector those that arrive, and those that were late before."""
        collector = self._system.network.names[way[0]]
        lost = block.lost_before(collector)
        if np.any(lost):
            by_fault = np.broadcast_to(block.lost_to_faults(collector), block.log.end.shape)
            self._tell_of_lost(way[0], Kept.forever(selected(block.log, by_fault)))
            block = self._block(load, selected(block.log, ~np.asarray(lost)))
        deliveries = self._system[collector].settings
        if len(deliveries) == 1:
            return block
        mail, stamps = self._mail.setdefault(way, Mail()), block.log.stamps[:, way[0]]
        arrived = mail.deliver(block.log, deliveries, stamps, until)
        for kept in mail.kept_by_faults():
            self._tell_of_lost(way[0], kept)
        return self._block(load, *arrived)

    def _tell_of(self, where: int, block: RequestBlock) -> None:
        for listener in self._listeners:
            if where == NOBODY:
                listener.on_requests(block)
            else:
                listener.on_collected(self._system.network.names[where], block)

    def _tell_of_lost(self, where: int, kept: Kept) -> None:
        for number, load in enumerate(self._system.scenario.load):
            own = kept.log.load == number
            if own.any():
                block = self._block(load, selected(kept.log, own))
                for listener in self._losses:
                    listener.on_lost(self._system.network.names[where], block, kept.arrives[own])
