"""Ground truth: the drivers of the world, the people in it, and what is true at each check-up.

Every column is a pure function of (seed, column, whose it is, when), so the truth of any rows can
be asked for at any time, in any order and as often as one likes; nothing is stored.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mlsim.engine import draws
from mlsim.engine.columns import Column, Formula, Rows
from mlsim.engine.sessions import people_of
from mlsim.scenario.calendar import calendar_offset
from mlsim.scenario.expressions import Expression
from mlsim.scenario.spec import Load, Scenario
from mlsim.world.alteration import Alteration
from mlsim.world.state import Published
from mlsim.world.trace import trace_of

Fill = Callable[[Rows], Column]
"""What gives a column for n rows."""


class World:
    """The truth of one scenario under one seed.

    on_change: called when what is true of requests that arrive from now on has changed.
    """

    def __init__(self, scenario: Scenario, seed: int):
        world = scenario.world
        self._people = world.people
        self._seed = seed
        self._calendar = calendar_offset(scenario.start)
        self.states = {name: Published(state.start) for name, state in world.state.items()}
        self._drivers: dict[str, Fill] = {
            **self.states,
            **self._formulas("driver", world.drivers),
        }
        self._person = self._formulas("person", {n: c.is_ for n, c in world.person.items()})
        self._records = {
            name: self._formulas(name, {n: c.is_ for n, c in columns.items()})
            for name, columns in world.records.items()
        }
        self._blocks = {name: load.each for name, load in scenario.load.items()}
        goes_on = {name for name, load in scenario.load.items() if load.ways(name)}
        self._sessions = goes_on.union(*(load.then for load in scenario.load.values()))
        self._traces = {
            name: trace_of(scenario, name) for name, load in scenario.load.items() if load.trace
        }
        self._recorded: dict[str, dict[str, Fill]] = {
            name: {
                column: partial(self._traces[name].column, column) for column in load.trace.columns
            }
            for name, load in scenario.load.items()
            if load.trace
        }
        self._alterations: dict[str, tuple[Alteration, ...]] = {}
        self.on_change: Callable[[], None] = lambda: None

    def _formulas(self, block: str, columns: Mapping[str, Expression]) -> dict[str, Formula]:
        return {
            name: Formula(expression, self._seed, f"world/{block}/{name}", self._calendar)
            for name, expression in columns.items()
        }

    def alter(self, column: str, alteration: Alteration) -> None:
        """The world becomes another one: for requests that arrive from now on."""
        self._alterations[column] = (*self._alterations.get(column, ()), alteration)
        self.on_change()

    def restore(self, column: str, stream: np.uint64, now: float) -> None:
        """An alteration, told by its stream, is over for requests that arrive from `now` on."""
        self._alterations[column] = tuple(
            one.ending(now) if one.spread.stream == stream else one
            for one in self._alterations[column]
        )
        self.on_change()

    def formula(self, column: str, expression: Expression) -> Formula:
        """Another expression for a column, with the same luck: its draws are the column's."""
        records = [block for block, columns in self._records.items() if column in columns]
        block = "driver" if column in self._drivers else records[0]
        return self._formulas(block, {column: expression})[column]

    def truth(
        self, load_name: str, load: Load, ids: NDArray[np.int64], time: NDArray[np.float64]
    ) -> "Truth":
        """What is true of the requests `ids` of one load that arrive at `time` (seconds)."""
        people = self.person_of(load_name, ids) if load.of else None
        recorded = self._recorded.get(load_name, {})
        record = self._records.get(load.each, {})
        return Truth(
            self._drivers,
            self._person if load.of else {},
            {**recorded, **record},
            self._alterations,
            ids,
            people,
            time,
        )

    def moment(self, time: float) -> "Truth":
        """What is the same for everybody at one time, in seconds: one row of drivers and states."""
        nobody, when = np.zeros(1, np.int64), np.array([time])
        return Truth(self._drivers, {}, {}, self._alterations, nobody, None, when)

    def of(
        self,
        column: str,
        ids: NDArray[np.int64],
        people: NDArray[np.int64],
        time: NDArray[np.float64],
    ) -> Column:
        """What a column would be of requests `ids` of `people` that arrive at `time` (seconds)."""
        name = next((block for block, columns in self._records.items() if column in columns), "")
        recorded = (own for load, own in self._recorded.items() if self._blocks[load] == name)
        record: dict[str, Fill] = {**next(recorded, {}), **self._records.get(name, {})}
        truth = Truth(self._drivers, self._person, record, self._alterations, ids, people, time)
        return truth[column]

    def person_of(self, load_name: str, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Who makes each request: people come back, all equally often unless a trace says it."""
        key = draws.stream(self._seed, f"load/{load_name}/person")
        if load_name in self._sessions:
            return people_of(ids, key, self._people)
        if load_name in self._traces:
            people = self._traces[load_name].people(ids)
            if people is not None:
                return people
        u = draws.uniform(key, ids)
        return np.asarray(np.floor(u * self._people), dtype=np.int64)


class Truth(Mapping[str, Column]):
    """The true columns of n requests, each computed when first asked for.

    ids, people: int64[n], whose draws; a request that is nobody's is its own person. of_people:
    whether they are somebody's. time: float64[n], arrival in seconds since day 0.
    """

    def __init__(
        self,
        drivers: Mapping[str, Fill],
        person: Mapping[str, Fill],
        record: Mapping[str, Fill],
        alterations: Mapping[str, Iterable[Alteration]],
        ids: NDArray[np.int64],
        people: NDArray[np.int64] | None,
        time: NDArray[np.float64],
    ):
        self.ids, self.time = ids, time
        self.of_people = people is not None
        self.people = ids if people is None else people
        self._formulas: dict[str, tuple[Fill, NDArray[np.int64]]] = {
            **{name: (formula, ids) for name, formula in drivers.items()},
            **{name: (formula, self.people) for name, formula in person.items()},
            **{name: (formula, ids) for name, formula in record.items()},
        }
        self._alterations = alterations
        self._known: dict[str, Column] = {}

    def __getitem__(self, name: str) -> Column:
        if name not in self._known:
            formula, whose = self._formulas[name]
            rows = Rows(whose, self.time, self)
            values = formula(rows)
            for alteration in self._alterations.get(name, ()):
                values = alteration(values, rows)
            self._known[name] = values
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._formulas)

    def __len__(self) -> int:
        return len(self._formulas)
