"""Listeners that keep single requests, visits and rows, where others only count them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mlsim.engine import draws
from mlsim.engine.columns import Column
from mlsim.engine.network import Visits
from mlsim.measures.table import Table
from mlsim.system.requests import RequestBlock
from mlsim.system.settled import OUTCOMES
from mlsim.system.simulation import System
from mlsim.telemetry.recorder import VISIT_OUTCOMES

NOBODY = -1
"""The person of a request that is nobody's."""


@dataclass
class Pieces:
    """Columns that come in blocks; a block may lack some of them."""

    _blocks: list[dict[str, Column]] = field(default_factory=list)
    _sizes: list[int] = field(default_factory=list)

    def add(self, columns: dict[str, Column]) -> None:
        """Add a block of rows: arrays of one length, at least one."""
        self._blocks.append(columns)
        self._sizes.append(len(next(iter(columns.values()))))

    def joined(self, names: Iterable[str], order: Sequence[str]) -> dict[str, Column]:
        """The named columns of all rows, sorted by the columns in `order`, the first one first.

        The blocks are used up, so that no more than one column is there twice.
        """
        keys = {name: self._taken(name) for name in order}
        rows = np.lexsort([keys[name] for name in reversed(order)])
        return {n: keys[n][rows] if n in keys else self._taken(n)[rows] for n in names}

    def _taken(self, name: str) -> Column:
        parts = [
            block.pop(name, np.full(size, np.nan))
            for block, size in zip(self._blocks, self._sizes, strict=True)
        ]
        kinds = [part.dtype for part in parts if not _is_missing(part)]
        kind = np.result_type(*kinds) if kinds else np.dtype(np.float64)
        whole = [_missing(part.size, kind) if _is_missing(part) else part for part in parts]
        return np.concatenate(whole) if whole else np.empty(0)


def _is_missing(column: Column) -> bool:
    return column.dtype.kind == "f" and bool(np.isnan(column).all())


def _missing(size: int, kind: np.dtype[np.generic]) -> Column:
    """Missing is NaN for numbers; False for decisions, and no text."""
    return np.full(size, np.nan) if kind.kind == "f" else np.zeros(size, kind)


class RequestLog:
    """Requests as their clients see them: one row for each that ended after day 0.

    share: of the requests that are kept. Which ones is decided by a draw of their own, so every
    world keeps the same.

    request, load, person (-1 for nobody), arrival_s, end_s, outcome, attempts; then the true
    columns of its load, and what components made of them by dotted name; missing where the answer
    that came didn't pass through there.
    """

    own = ("request", "load", "person", "arrival_s", "end_s", "outcome", "attempts")

    def __init__(self, system: System, share: float):
        self._loads = list(system.scenario.load)
        self._outputs = system.scenario.outputs()
        self._share = share
        self._luck = draws.stream(system.seed, "recording/requests")
        self._pieces = Pieces()
        self._names = dict.fromkeys(self.own)

    def on_requests(self, block: RequestBlock) -> None:
        """Keep the rows of a block that are chosen."""
        log = block.log
        kept = np.flatnonzero(
            (log.end > 0) & (draws.uniform(self._luck, log.request) < self._share)
        )
        if not kept.size:
            return
        people = block.truth.people if block.truth.of_people else np.full(log.end.size, NOBODY)
        own = (log.request, log.load, people, log.arrival, log.end, log.outcome, log.attempts)
        columns = dict(zip(self.own, own, strict=True))
        for name in (*block.truth, *self._outputs):
            columns.setdefault(name, block[name])
        self._names |= dict.fromkeys(columns)
        self._pieces.add({name: column[kept] for name, column in columns.items()})

    def on_visits(self, visits: Visits) -> None:
        """Clients don't see visits."""

    def on_collected(self, collector: str, block: RequestBlock) -> None:
        """What is reported is not what clients see."""

    def table(self) -> Table:
        """The rows by the time of their end."""
        columns = self._pieces.joined(self._names, ("end_s", "request"))
        return Table.of(columns, {"load": self._loads, "outcome": OUTCOMES})


class VisitLog:
    """Visits of requests to components: one row for each that ended after day 0.

    request, attempt, component, replica and settings (-1 where no service began), arrival_s,
    start_s (NaN where no service began), end_s, work_s (of a worker: its share of one who is
    shared, of a batch all of it), priority (-1 where the component has none), outcome.
    """

    names = (
        *("request", "attempt", "component", "replica", "settings"),
        *("arrival_s", "start_s", "end_s", "work_s", "priority", "outcome"),
    )

    def __init__(self, system: System):
        self._components = system.network.names
        self._pieces = Pieces()

    def on_visits(self, visits: Visits) -> None:
        """Keep all visits of a block."""
        kept = np.flatnonzero(visits.end > 0)
        if kept.size:
            columns = dict(zip(self.names, (c[kept] for c in visits), strict=True))
            columns["start_s"] = np.where(columns["replica"] < 0, np.nan, columns["start_s"])
            self._pieces.add(columns)

    def on_requests(self, block: RequestBlock) -> None:
        """A request is more than its visits."""

    def on_collected(self, collector: str, block: RequestBlock) -> None:
        """Rows are no visits."""

    def table(self) -> Table:
        """The rows by the time of their end."""
        order = ("end_s", "request", "attempt", "component", "arrival_s")
        columns = self._pieces.joined(self.names, order)
        return Table.of(columns, {"component": self._components, "outcome": VISIT_OUTCOMES})


class RowLog:
    """Rows that reached collectors, from the history on: what checks could look at.

    collector, request, time_s; then the columns as the collector received them, and for the labels
    of models `label/<column>` (as it comes in, which may be wrong) and `known/<column>` (when, in
    seconds; inf for never).
    """

    own = ("collector", "request", "time_s")

    def __init__(self, system: System):
        self._collectors = system.collectors
        self._columns = {name: sorted(system.wiring.visible(name)) for name in self._collectors}
        labels = [label for deployed in system.values() for label in deployed.spec.labels()]
        self._labels = list(dict.fromkeys(labels))
        self._world = frozenset(system.scenario.world.columns())
        self._pieces = Pieces()
        self._names = dict.fromkeys(self.own)

    def on_collected(self, collector: str, block: RequestBlock) -> None:
        """Keep all rows of a block."""
        size = block.log.end.size
        number: NDArray[np.int64] = np.full(size, self._collectors.index(collector))
        columns: dict[str, Column] = dict(
            zip(self.own, (number, block.log.request, block.log.end), strict=True)
        )
        absent = self._world.difference(block.truth)
        for name in self._columns[collector]:
            if name not in absent:
                columns[name] = block.at(collector, name)
        for name in self._labels:
            if name not in absent:
                columns[f"label/{name}"] = block.reported(name)
                columns[f"known/{name}"] = block.known_at(name)
        self._names |= dict.fromkeys(columns)
        self._pieces.add(columns)

    def on_visits(self, visits: Visits) -> None:
        """Rows are no visits."""

    def on_requests(self, block: RequestBlock) -> None:
        """What clients see is not reported by itself."""

    def table(self) -> Table:
        """The rows by the time of their arrival."""
        columns = self._pieces.joined(self._names, ("time_s", "request"))
        return Table.of(columns, {"collector": self._collectors})
