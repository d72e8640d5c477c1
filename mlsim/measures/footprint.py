"""Blast radius: every row that a fault has had its hand in, by lineage.

A row is touched at a component if the fault changed what the component did to it, or any column
that it read was touched before; at a collector, if it came late, once more or never, or by a choice
that read what was touched. A model that was fitted on touched rows, or without rows that it should
have had, touches all that it scores: so bad training data outlives its fault.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlsim.engine.network import Visits
from mlsim.measures.first_rows import FirstRows
from mlsim.system.requests import RequestBlock
from mlsim.system.simulation import System

DAY = 86400.0


@dataclass
class Trace:
    """What has been touched at one component, or in all: rows, and when; times in seconds."""

    rows: int = 0
    after_repair: int = 0
    first_s: float = np.nan
    last_s: float = np.nan

    def add(self, time: NDArray[np.float64], repaired_at: float) -> None:
        """Add touched rows by the time at which their requests ended."""
        if time.size:
            self.rows += time.size
            self.after_repair += int((time > repaired_at).sum())
            self.first_s = float(np.fmin(self.first_s, time.min()))
            self.last_s = float(np.fmax(self.last_s, time.max()))


@dataclass(frozen=True)
class BlastRadius:
    """How far a fault has reached, from day 0 to the horizon.

    total: over all rows. people, days: how many have a touched row. components: name, rows,
    after_repair, first_s, last_s. models: name, version, touched_rows, rows, trained_at_s of every
    version that was fitted on touched rows. first_rows: where data was wrong first (see
    `mlsim.measures.first_rows`).
    """

    total: Trace
    people: int
    days: int
    components: pd.DataFrame
    models: pd.DataFrame
    first_rows: pd.DataFrame


@dataclass
class Footprint:
    """Listens to a running system and marks what its faults have touched.

    repaired_at: when the last fault ends, in seconds; inf if one never does.
    """

    system: System
    repaired_at: float
    total: Trace = field(default_factory=Trace)
    traces: dict[str, Trace] = field(default_factory=dict)

    def __post_init__(self) -> None:
        scenario = self.system.scenario
        self._columns = _read_columns(self.system)
        self._first = FirstRows(self.system)
        self._people = np.zeros(scenario.world.people, bool)
        self._days = np.zeros(int(np.ceil(scenario.horizon / DAY)) + 1, bool)

    def on_visits(self, visits: Visits) -> None:
        """Lineage is about rows, not visits."""

    def on_collected(self, collector: str, block: RequestBlock) -> None:
        """What is reported is marked when its request ends; here labels come in, and late rows."""
        self._first.see_collected(block, collector)
        marked = np.asarray(block.hitched | block.misled(collector))
        self._mark_reported(collector, block, np.broadcast_to(marked, block.log.end.shape))

    def on_lost(self, collector: str, block: RequestBlock, arrives: NDArray[np.float64]) -> None:
        """Mark rows that a collector never gets; those that are late are marked on arrival."""
        self._first.see_lost(block, collector, arrives)
        self._mark_reported(collector, block, arrives > self.system.scenario.horizon)

    def on_requests(self, block: RequestBlock) -> None:
        """Mark the touched rows of a block, component by component."""
        anywhere = np.zeros(block.log.end.size, bool)
        for name, touched in self._touched(block):
            self._trace(name, block, touched)
            anywhere |= touched
            for column in self._columns[name]:
                self._first.see_value(block, name, column)
        self._count(block, anywhere)

    def _touched(self, block: RequestBlock) -> Iterator[tuple[str, NDArray[np.bool_]]]:
        """For each component the rows, bool[n], of which it sent something that was touched."""
        for name, columns in self._columns.items():
            touched = np.zeros(block.log.end.size, bool)
            for column in columns:
                touched |= block.touched(name, column)
            yield name, touched & (block.log.end > 0)

    def _mark_reported(
        self, collector: str, block: RequestBlock, marked: NDArray[np.bool_]
    ) -> None:
        """Mark rows at a collector; those whose requests are touched are in the total already."""
        if not marked.any():
            return
        self._trace(collector, block, marked)
        for _, touched in self._touched(block):
            marked = marked & ~touched
        self._count(block, marked)

    def _trace(self, name: str, block: RequestBlock, touched: NDArray[np.bool_]) -> None:
        if touched.any():
            trace = self.traces.setdefault(name, Trace())
            trace.add(block.log.end[touched], self.repaired_at)

    def _count(self, block: RequestBlock, touched: NDArray[np.bool_]) -> None:
        time = block.log.end[touched]
        self.total.add(time, self.repaired_at)
        self._days[np.floor(time / DAY).astype(np.int64)] = True
        if block.truth.of_people:
            self._people[block.truth.people[touched]] = True

    def radius(self) -> BlastRadius:
        """What has been touched so far."""
        touched = [name for name in self.system if name in self.traces]
        components = [{"name": name, **vars(self.traces[name])} for name in touched]
        return BlastRadius(
            total=self.total,
            people=int(self._people.sum()),
            days=int(self._days.sum()),
            components=pd.DataFrame(components, columns=["name", *vars(Trace())]),
            models=_touched_versions(self.system),
            first_rows=self._first.table(),
        )


def _read_columns(system: System) -> dict[str, list[str]]:
    """For each component what it sends that somebody can read, in the order of the scenario."""
    columns: dict[str, list[str]] = {}
    for name, deployed in system.items():
        for column in deployed.spec.outputs(name):
            columns.setdefault(name, []).append(column)
    for reader, deployed in system.items():
        for column in deployed.spec.needs():
            source = system.wiring.source(reader, column)
            if source is not None and column not in columns.setdefault(source, []):
                columns[source].append(column)
    return {name: columns[name] for name in system if name in columns}


def _touched_versions(system: System) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [
        {
            "name": name,
            "version": version.number,
            "touched_rows": version.touched_rows,
            "rows": version.rows,
            "trained_at_s": version.trained_at,
        }
        for name, deployed in system.items()
        if deployed.spec.has_versions
        for version in system.registry.versions(name)
        if version.touched
    ]
    return pd.DataFrame(rows, columns=["name", "version", "touched_rows", "rows", "trained_at_s"])
