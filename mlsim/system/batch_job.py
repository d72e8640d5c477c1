"""batch_job: makes columns of persons from the rows of a window, and writes them to a store."""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import simpy
from pydantic import Field

from mlsim.engine.columns import Formula, Rows
from mlsim.errors import nearest
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import ColumnName, Duration, Name
from mlsim.system.aggregates import Aggregate, Received, ReceivedRows
from mlsim.system.base import Component, Link, component_kind
from mlsim.system.collector import Collector
from mlsim.system.columns_check import unreadable
from mlsim.system.store import Snapshot, Store

if TYPE_CHECKING:
    from mlsim.system.simulation import System

LOOKS_EVERY = 60.0
"""Seconds between two looks at whether the job before has written, as Airflow's sensors have it."""


@dataclass(frozen=True)
class Job:
    """A batch job as it is now.

    runs: whether its scheduler starts it. fails: whether it ends without having written. late_by:
    seconds by which it starts too late. too_early: seconds by which its window begins and ends too
    early. table: which rows are in the table that it reads; None for all. writes: the snapshot that
    it writes again, instead of what it makes.
    """

    runs: bool = True
    fails: bool = False
    late_by: float = 0.0
    too_early: float = 0.0
    table: Formula | None = None
    writes: Snapshot | None = None

    @property
    def touched(self) -> bool:
        """Whether all that it writes is the work of a fault."""
        return self.too_early > 0 or self.table is not None or self.writes is not None


@component_kind("batch_job")
class BatchJob(Component):
    """A job on a schedule: for each person it sums up the rows of the last `window`.

    It reads what a collector had received when it starts, and writes a new snapshot to its store
    when it ends. It runs in the history, too, so that models can learn from what it makes. One that
    comes `after` another doesn't run if the other has written nothing. Source: Kaestner on
    pipelines; Beyer et al., Site Reliability Engineering (2016), "Data Processing Pipelines".
    """

    in_flow: ClassVar[bool] = False
    example: ClassVar[str] = """
        kind: batch_job
        reads: telemetry
        store: habits
        makes:
          visits: {take: count}
          usual_heart_rate: {take: mean, of: heart_rate}
        window: 7d
        every: 8h
        at: 2h
        duration: 20min
    """

    kind: Literal["batch_job"] = "batch_job"
    reads: Name
    """The collector whose rows it reads."""
    store: Name
    """The store that it writes to; no other job does."""
    makes: dict[ColumnName, Aggregate] = Field(min_length=1)
    """The store's columns, from the rows of each person: `{take: mean, of: amount}`."""
    window: Duration = Field(7 * 86400.0, gt=0)
    """How old the rows may be."""
    every: Duration = Field(86400.0, gt=0)
    """Time between two runs."""
    at: Duration = 0.0
    """When a run is due: so long after each multiple of `every`."""
    duration: Duration = 1800.0
    """Time that a run takes."""
    after: Name | None = None
    """Another job, as frequent, whose run of the last `every` must have written before."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        system = scenario.system
        collectors = [n for n, spec in system.items() if isinstance(spec, Collector)]
        if self.reads not in collectors:
            message = f"no collector '{self.reads}' in system"
            yield ("reads",), message, nearest(self.reads, collectors)
        else:
            used = [(("makes", c, "of"), a.of) for c, a in self.makes.items() if a.of is not None]
            yield from unreadable(scenario, self.reads, used)
        yield from self._ill_made()
        yield from self._misses_its_store(scenario, name)
        if self.at >= self.every:
            yield ("at",), "must be less than `every`", ""
        if self.duration >= self.every:
            yield ("duration",), "must be less than `every`", ""
        yield from self._waits_in_vain(scenario, name)

    def _ill_made(self) -> Iterable[Mistake]:
        for column, aggregate in self.makes.items():
            if aggregate.take == "count" and aggregate.of is not None:
                yield ("makes", column, "of"), "must not be given: rows are counted", ""
            if aggregate.take != "count" and aggregate.of is None:
                yield ("makes", column), f"needs `of`: the column whose {aggregate.take} it is", ""

    def _misses_its_store(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        stores = {n: spec for n, spec in scenario.system.items() if isinstance(spec, Store)}
        if self.store not in stores:
            yield ("store",), f"no store '{self.store}' in system", nearest(self.store, stores)
            return
        for other, spec in scenario.system.items():
            if other != name and isinstance(spec, BatchJob) and spec.store == self.store:
                yield ("store",), f"must be another one: '{other}' writes to it, too", ""
        columns = stores[self.store].columns
        for made in self.makes:
            if made not in columns:
                message = f"'{self.store}' has no column '{made}'"
                yield ("makes", made), message, nearest(made, columns)
        for lacking in sorted(set(columns) - set(self.makes)):
            yield ("makes",), f"needs '{lacking}', which is a column of '{self.store}'", ""

    def _waits_in_vain(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        jobs = {n: spec for n, spec in scenario.system.items() if isinstance(spec, BatchJob)}
        if self.after is None:
            return
        others = [n for n in jobs if n != name]
        if self.after not in others:
            yield ("after",), f"no other job '{self.after}' in system", nearest(self.after, others)
        elif jobs[self.after].every != self.every:
            yield ("after",), f"must be a job with the same `every`: {self.every:g}s", ""
        elif name in chain_before(jobs, name):
            yield ("after",), f"must not wait for itself: '{self.after}' waits for it", ""

    def links(self, name: str, system: Mapping[str, Component]) -> Iterable[Link]:
        """Rows come in, and snapshots go to the store."""
        yield Link(self.reads, name, self.store)
        yield Link(name, self.store, self.store)

    def first_settings(self, system: "System", name: str) -> Job:
        return Job()

    def process(self, system: "System", name: str) -> Generator[simpy.Event, None, None]:
        columns = (aggregate.of for aggregate in self.makes.values() if aggregate.of is not None)
        # One period more than the window: a table holds what a job may read by mistake.
        rows = ReceivedRows(system, self.reads, iter(dict.fromkeys(columns)), self.kept)
        system.listeners.append(rows)
        system.losses.append(rows)
        return self._life(system, name, rows)

    @property
    def kept(self) -> float:
        """How long rows stay in the table that it reads, in seconds."""
        return self.window + self.every

    def last_due(self, time: float) -> float:
        """When its newest run was due at `time`, all in seconds."""
        return floor((time - self.at) / self.every) * self.every + self.at

    def _life(
        self, system: "System", name: str, rows: ReceivedRows
    ) -> Generator[simpy.Event, None, None]:
        clock = system.clock
        run = ceil((clock.now - self.at) / self.every)
        while True:
            due = run * self.every + self.at
            yield clock.timeout(max(due - clock.now, 0.0))
            clock.process(self._watched(system, name, due))
            yield clock.timeout(system[name].current.late_by)
            if (yield from self._may_start(system, due)):
                yield from self._run(system, name, rows, due)
            run = max(run + 1, ceil((clock.now - self.at) / self.every))

    def _may_start(self, system: "System", due: float) -> Generator[simpy.Event, None, bool]:
        """Wait for the job before, until this one's next run is due."""
        before = system[self.after].spec if self.after else None
        if not isinstance(before, BatchJob):
            return True
        while system.clock.now < due + self.every:
            written = system[before.store].current.snapshot
            # What is written at this very instant is seen at the next look.
            if written.due >= before.last_due(due) and written.written_at < system.clock.now:
                return True
            if before.last_due(due) < -system.scenario.history:
                return True  # it wasn't there yet
            yield system.clock.timeout(LOOKS_EVERY)
        return False

    def _run(
        self, system: "System", name: str, rows: ReceivedRows, due: float
    ) -> Generator[simpy.Event, None, None]:
        job: Job = system[name].current
        if not job.runs:
            return
        store = system[self.store]
        columns, touched = self._made(system, job, rows)
        yield system.clock.timeout(self.duration)
        if not system[name].current.fails:
            number, now = store.current.snapshot.number + 1, float(system.clock.now)
            store.change(store.current.with_snapshot(Snapshot(number, due, now, columns, touched)))

    def _made(
        self, system: "System", job: Job, rows: ReceivedRows
    ) -> tuple[Mapping[str, np.ndarray], np.ndarray]:
        """All columns by person, and whom a fault has touched, from what has come by now."""
        if job.writes is not None:
            return job.writes.columns, np.ones_like(job.writes.touched)
        people = system.scenario.world.people
        system.settle()
        end = float(system.clock.now) - job.too_early
        read = in_table(rows.between(end - self.window, end), job.table)
        columns = {
            column: one.by_person(read.person, read.columns.get(one.of or "", read.arrival), people)
            for column, one in self.makes.items()
        }
        touched = np.bincount(read.person[read.touched], minlength=people) > 0
        touched |= rows.lacking(end - self.window, end, people)
        return columns, touched | job.touched

    def _watched(
        self, system: "System", name: str, due: float
    ) -> Generator[simpy.Event, None, None]:
        """For lineage: from when on the store would be newer, but for a fault."""
        jobs = {n: d.spec for n, d in system.items() if isinstance(d.spec, BatchJob)}
        yield system.clock.timeout(usual_end(jobs, name, due) - due)
        store = system[self.store]
        at_fault = any(len(system[one].settings) > 1 for one in (name, *chain_before(jobs, name)))
        if at_fault and store.current.snapshot.due < due:
            store.change(replace(store.current, overdue=True))


def in_table(rows: Received, table: Formula | None) -> Received:
    """The rows that are in a table, which may be one that holds not all of them."""
    if table is None or not rows.person.size:
        return rows
    visible = Rows(rows.request, rows.arrival, rows.truth)
    return rows.where(np.asarray(table(visible), dtype=bool))


def chain_before(jobs: Mapping[str, BatchJob], name: str) -> list[str]:
    """The jobs that must have run before one, the nearest first; itself, if they go in a circle."""
    before: list[str] = []
    after = jobs[name].after
    while after is not None and after in jobs and after not in before:
        before.append(after)
        after = jobs[after].after
    return before


def usual_end(jobs: Mapping[str, BatchJob], name: str, due: float) -> float:
    """When a run that is due at `due` has written if nothing is wrong, all in seconds."""
    job, start = jobs[name], due
    if job.after is not None:
        written = usual_end(jobs, job.after, jobs[job.after].last_due(due))
        if written >= due:
            start = due + (floor((written - due) / LOOKS_EVERY) + 1) * LOOKS_EVERY
    return start + job.duration
