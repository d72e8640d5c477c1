"""Aggregates: what a batch job says of each person, from the rows that a collector received."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.columns import Column
from mlsim.engine.network import Visits
from mlsim.scenario.kinds import Spec
from mlsim.system.requests import RequestBlock
from mlsim.system.rows import RowStore
from mlsim.system.sample import TrueColumns

if TYPE_CHECKING:
    from mlsim.system.simulation import System


class Aggregate(Spec):
    """One column of a person."""

    take: Literal["count", "mean", "last"]
    """`count`: how many rows. `mean`, `last`: of the values that aren't missing."""
    of: str | None = None
    """The column of the rows; none for `count`."""

    def by_person(self, person: NDArray[np.int64], values: Column, people: int) -> Column:
        """Its value for each of `people`, float64[people]; NaN for a mean or last of nothing.

        person, values: of n rows in order of time.

        >>> rows = np.array([0, 2, 0]), np.array([1.0, 5.0, 4.0])
        >>> Aggregate(take="mean", of="x").by_person(*rows, people=3)
        array([2.5, nan, 5. ])
        """
        if self.take == "count":
            return np.bincount(person, minlength=people).astype(float)
        there = ~np.isnan(values)
        person, values = person[there], values[there]
        result = np.full(people, np.nan)
        if self.take == "last":
            newest_first = person[::-1]
            who, first = np.unique(newest_first, return_index=True)
            result[who] = values[::-1][first]
            return result
        count, total = (np.bincount(person, w, minlength=people) for w in (None, values))
        np.divide(total, count, out=result, where=count > 0)
        return result


class Received(NamedTuple):
    """n rows in order of time: whose they are, float64 values by column, which a fault touched."""

    person: NDArray[np.int64]
    columns: Mapping[str, Column]
    touched: NDArray[np.bool_]
    truth: TrueColumns
    request: NDArray[np.int64]
    arrival: NDArray[np.float64]

    def where(self, chosen: NDArray[np.bool_]) -> "Received":
        """Some of the rows, of whose truth nobody asks any more."""
        columns = {name: values[chosen] for name, values in self.columns.items()}
        person, touched = self.person[chosen], self.touched[chosen]
        request, arrival = self.request[chosen], self.arrival[chosen]
        return Received(person, columns, touched, self.truth, request, arrival)


class ReceivedRows:
    """Listens to one collector and keeps its rows of the last `kept` seconds, by person."""

    def __init__(self, system: "System", collector: str, columns: Iterator[str], kept: float):
        self._system, self._collector, self._kept = system, collector, kept
        self._columns = tuple(columns)
        values = [f"column/{name}" for name in self._columns]
        self._rows = RowStore(["person", "request", "arrival", "load", "touched", *values])
        self._lost = RowStore(["person", "arrives"])

    def on_visits(self, visits: Visits) -> None:
        """A job reads rows, not visits."""

    def on_requests(self, block: RequestBlock) -> None:
        """What a client sees is not reported to anybody by itself."""

    def on_collected(self, collector: str, block: RequestBlock) -> None:
        """Keep the rows of one collector for as long as they are in a window."""
        if collector != self._collector:
            return
        log, touched = block.log, block.touched_inputs(collector) | block.misled(collector)
        columns: dict[str, Column] = {"person": block.truth.people, "request": log.request}
        columns |= {"arrival": log.arrival, "load": log.load}
        for name in self._columns:
            columns[f"column/{name}"] = np.asarray(block.at(collector, name), dtype=float)
            touched = touched | block.touched_at(collector, name)
        self._rows.append(log.end, columns | {"touched": touched})
        for store in (self._rows, self._lost):
            store.forget_before(log.end[-1] - self._kept)

    def on_lost(self, collector: str, block: RequestBlock, arrives: NDArray[np.float64]) -> None:
        """Remember whose rows a fault keeps from the collector."""
        if collector == self._collector:
            self._lost.append(block.log.end, {"person": block.truth.people, "arrives": arrives})

    def lacking(self, start: float, end: float, people: int) -> NDArray[np.bool_]:
        """Of which of `people` a fault keeps rows of [start, end) from who asks at `end`."""
        lost = self._lost.between(start, end, ("person", "arrives"))
        whose = lost["person"][lost["arrives"] >= end].astype(np.int64)
        return np.bincount(whose, minlength=people) > 0

    def between(self, start: float, end: float) -> Received:
        """All rows that the collector received in [start, end), in order of time."""
        names = ("time", *self._rows.columns)
        rows = self._rows.between(start, end, names)
        # Equal times in the order of requests: how rows come in blocks must not matter.
        order = np.lexsort((rows["request"], rows["time"]))
        rows = {name: values[order] for name, values in rows.items()}
        return Received(
            person=rows["person"].astype(np.int64),
            columns={name: rows[f"column/{name}"] for name in self._columns},
            touched=rows["touched"].astype(bool),
            truth=self._truth(rows),
            request=rows["request"].astype(np.int64),
            arrival=rows["arrival"],
        )

    def _truth(self, rows: Mapping[str, Column]) -> TrueColumns:
        """What was true of the rows: the job doesn't know it, but a table may be made by it."""
        truths = {}
        for number, (name, spec) in enumerate(self._system.scenario.load.items()):
            own = rows["load"] == number
            if own.any():
                ids = rows["request"][own].astype(np.int64)
                truths[number] = self._system.world.truth(name, spec, ids, rows["arrival"][own])
        return TrueColumns(truths, rows["load"].astype(np.int64))
