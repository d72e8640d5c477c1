"""Traces: recorded requests that are replayed, at their times and with what they carried.

A file is read once, a block at a time, and kept as columns in unnamed temporary files that are
mapped into memory: it may be larger than the memory, and all worlds of a run share it.
"""

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mlsim.engine.arrivals import LOAD_SHIFT
from mlsim.engine.columns import Column, Rows
from mlsim.engine.draws import Floats, Ids
from mlsim.errors import Problem, ScenarioError, nearest
from mlsim.scenario.document import Place, no_file
from mlsim.scenario.expressions import Name
from mlsim.scenario.spec import Scenario
from mlsim.world import trace_file
from mlsim.world.trace_file import Flaw

ROW = np.int64((1 << LOAD_SHIFT) - 1)
"""The part of an id that is the number of a row."""
TIME, PERSON, COLUMN = "time", "person", "column/"


class Trace:
    """The rows of a file: `times`, sorted, in seconds since day 0, and named columns of numbers."""

    def __init__(self, times: Floats, columns: dict[str, Floats], people: Floats | None):
        self.times, self._columns, self._people = times, columns, people

    def between(self, start: float, end: float, number: int) -> tuple[Floats, Ids]:
        """Times and ids of the rows in [start, end), as arrivals of the load of that number."""
        first, last = np.searchsorted(self.times, [start, end], side="left")
        ids = np.arange(first, max(first, last), dtype=np.int64)
        return np.array(self.times[first:last]), (np.int64(number) << LOAD_SHIFT) + ids

    def column(self, name: str, rows: Rows) -> Column:
        """A column for requests by their ids; NaN where the file says nothing.

        An id of no row, as a fault may bring one up, is that of some row.
        """
        return np.asarray(self._columns[name][self._places(rows.ids)])

    def people(self, ids: Ids) -> NDArray[np.int64] | None:
        """Whose requests they are, where the file says it."""
        if self._people is None:
            return None
        return np.asarray(self._people[self._places(ids)], dtype=np.int64)

    def _places(self, ids: Ids) -> Ids:
        return np.asarray((ids & ROW) % self.times.size)


@dataclass(frozen=True)
class Replay:
    """A trace as the source of the arrivals of the load of a number."""

    trace: Trace
    number: int

    def between(self, start: float, end: float) -> tuple[Floats, Ids]:
        """Times and entity ids of the rows in [start, end)."""
        return self.trace.between(start, end, self.number)


def trace_of(scenario: Scenario, name: str) -> Trace:
    """The trace that a load replays; raises ScenarioError with what is wrong with its file."""
    load = scenario.load[name]
    assert load.trace is not None, "asked only of loads that replay one"
    path = scenario.document.path.parent / load.trace.file
    block = scenario.world.records.get(load.each, {})
    codes = {
        column.is_.name: column.categories
        for column in block.values()
        if column.categories and isinstance(column.is_, Name)
    }
    wanted = _Wanted(
        path,
        load.trace.time,
        tuple(load.trace.columns.items()),
        load.trace.person,
        scenario.world.people,
        tuple((name, codes[name]) for name in load.trace.columns if name in codes),
        scenario.start.timestamp() if scenario.start else None,
    )
    try:
        state = path.stat()
        return _read(wanted, state.st_mtime_ns, state.st_size)
    except FileNotFoundError:
        raise ScenarioError([Problem(str(path), 0, "", "no such file")]) from None
    except Flaw as flaw:
        raise ScenarioError([flaw.within(path)]) from None


def trace_problems(scenario: Scenario) -> Iterator[Problem]:
    """What is wrong with the traces of a scenario: their files, their columns, their rows."""
    for name, load in scenario.load.items():
        if load.trace is not None:
            yield from _problems(scenario, name)


def _problems(scenario: Scenario, name: str) -> Iterator[Problem]:
    trace, document = scenario.load[name].trace, scenario.document
    assert trace is not None
    here, path = ("load", name, "trace"), document.path.parent / trace.file
    if not path.resolve().is_relative_to(document.path.parent.resolve()):
        yield document.problem((*here, "file"), "must not lead out of the scenario's folder")
        return
    if not path.is_file():
        beside = [entry.name for entry in path.parent.glob(f"*{path.suffix}") if entry.is_file()]
        message = f"{no_file(path)}: {path}"
        yield document.problem((*here, "file"), message, nearest(path.name, beside))
        return
    try:
        known = trace_file.names(path)
    except Flaw as flaw:
        yield flaw.within(path)
        return
    places: dict[Place, str] = {(*here, "columns", n): c for n, c in trace.columns.items()}
    places[*here, "time"] = trace.time
    if trace.person:
        places[*here, "person"] = trace.person
    missing = {place: column for place, column in places.items() if column not in known}
    for place, column in missing.items():
        has = f"{path.name} has {', '.join(known[:8])}{', ...' if len(known) > 8 else ''}"
        yield document.problem(place, f"no column '{column}': {has}", nearest(column, known))
    if not missing:
        yield from _row_problems(scenario, name)


def _row_problems(scenario: Scenario, name: str) -> Iterator[Problem]:
    try:
        times = trace_of(scenario, name).times
    except ScenarioError as error:
        yield from error.problems
        return
    if times[-1] < -scenario.history or times[0] >= scenario.horizon:
        message = (
            "no request falls between the history and the horizon: "
            f"they come from {times[0]:g} s to {times[-1]:g} s after day 0"
        )
        yield scenario.document.problem(("load", name, "trace"), message)


@dataclass(frozen=True)
class _Wanted:
    """What is to be read of a file: (its name, the file's name for it) of each column."""

    path: Path
    time: str
    columns: tuple[tuple[str, str], ...]
    person: str | None
    people: int
    codes: tuple[tuple[str, tuple[str, ...]], ...]
    day_0: float | None

    def read(self, block: pa.RecordBatch, first: int) -> dict[str, Floats]:
        """The columns of a block that begins with the row `first` of the file."""
        times = trace_file.seconds(block[self.time], self.time, first, self.day_0)
        codes, read = dict(self.codes), {TIME: times}
        for name, column in self.columns:
            read[f"{COLUMN}{name}"] = (
                trace_file.codes(block[column], column, first, codes[name])
                if name in codes
                else trace_file.numbers(block[column], column, first)
            )
        if self.person is not None:
            people = trace_file.numbers(block[self.person], self.person, first)
            self._check_people(people, first)
            read[PERSON] = people
        return read

    def _check_people(self, people: Floats, first: int) -> None:
        fits = (people >= 0) & (people < self.people) & (people == np.floor(people))
        for row in np.flatnonzero(~fits)[:1].tolist():
            message = f"must be a whole number from 0 to world.people - 1 = {self.people - 1}"
            raise Flaw(first + row, f"{self.person} {message} (got {people[row]:g})")


@cache
def _read(wanted: _Wanted, changed: int, size: int) -> Trace:
    """The trace of a file as it was `changed`, of so many bytes."""
    names = [column for _, column in wanted.columns]
    names += [wanted.time, *([wanted.person] if wanted.person else [])]
    files: defaultdict[str, IO[bytes]] = defaultdict(tempfile.TemporaryFile)
    row, last = 0, -np.inf
    for block in trace_file.blocks(wanted.path, names):
        columns = wanted.read(block, row)
        last = _in_order(columns[TIME], last, row, wanted.time)
        for name, values in columns.items():
            values.tofile(files[name])
        row += block.num_rows
    if not row:
        raise Flaw(-1, "must have a row for each request (got none)")
    mapped: dict[str, Floats] = {
        name: np.memmap(file, np.float64, "r", shape=(row,)) for name, file in files.items()
    }
    times, people = mapped.pop(TIME), mapped.pop(PERSON, None)
    return Trace(times, {n.removeprefix(COLUMN): column for n, column in mapped.items()}, people)


def _in_order(times: Floats, last: float, row: int, name: str) -> float:
    """The last of some times, which must not go back behind `last` nor among themselves."""
    back = np.flatnonzero(np.diff(times, prepend=last) < 0)
    for place in back[:1].tolist():
        before = times[place - 1] if place else last
        message = f"comes after {before:.10g} s: sort the file by {name}"
        raise Flaw(row + place, f"{name} must be sorted, and {times[place]:.10g} s {message}")
    return float(times[-1]) if times.size else last
