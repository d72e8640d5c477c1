"""All that happened in a world, in an order of its own: what two runs are compared by."""

import math
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import simpy

from mlsim.engine.columns import Column
from mlsim.engine.network import Visits
from mlsim.faults.base import Fault
from mlsim.scenario.spec import Scenario
from mlsim.system.requests import RequestBlock
from mlsim.system.simulation import System

Decider = Callable[[System], Generator[simpy.Event, None, None]]
"""A SimPy process of a test."""

NUMBERS = ("settings", "stamps", "touched")
"""What counts or marks a change of settings, even one that changes nothing."""


@dataclass
class Observation:
    """A listener that keeps every row of a run, with every column that anybody can see of it.

    system: the world after its end. tables: rows by where they were seen, as `requests check_ups`
    or `collected telemetry`; of equal length within a table, `end` (seconds) among them.
    """

    system: System
    tables: dict[str, dict[str, Column]] = field(default_factory=dict)
    _pieces: dict[str, list[dict[str, Column]]] = field(default_factory=lambda: defaultdict(list))

    def on_visits(self, visits: Visits) -> None:
        """Keep them all."""
        self._pieces["visits"].append(visits._asdict())

    def on_requests(self, block: RequestBlock) -> None:
        """Keep what is true, what each component made of it, and what a fault had its hand in."""
        columns = _log(block) | {name: block.truth[name] for name in block.truth}
        for name, deployed in self.system.items():
            for column in deployed.spec.outputs(name):
                columns[f"{name}: {column}"] = block.output(name, column)
                columns[f"{name}: touched {column}"] = _rows(block, block.touched(name, column))
            if not (deployed.spec.starts_requests or deployed.spec.knows_truth):
                for column in deployed.spec.needs():
                    columns[f"{name} reads {column}"] = block.at(name, column)
        self._keep("requests", block, columns)

    def on_collected(self, collector: str, block: RequestBlock) -> None:
        """Keep what arrived, and the labels as they come in."""
        columns = _log(block)
        for column in self.system.wiring.visible(collector):
            columns[f"{collector} reads {column}"] = block.at(collector, column)
        for label in {label for d in self.system.values() for label in d.spec.labels()}:
            if label in block.truth:
                columns[f"label {label}"] = block.reported(label)
                columns[f"known {label}"] = block.known_at(label)
                columns[f"touched {label}"] = block.touched_labels(label)
        self._keep(f"collected {collector}", block, columns)

    def _keep(self, what: str, block: RequestBlock, columns: dict[str, Column]) -> None:
        load = list(self.system.scenario.load)[int(block.log.load[0])]
        self._pieces[f"{what} {load}"].append({n: np.asarray(c) for n, c in columns.items()})

    def finish(self) -> None:
        """Put the rows of each table in order, whatever the blocks in which they came."""
        for name, pieces in self._pieces.items():
            joined = {c: np.concatenate([piece[c] for piece in pieces]) for c in pieces[0]}
            order = np.lexsort([joined[c] for c in _KEYS if c in joined])
            self.tables[name] = {c: values[order] for c, values in joined.items()}
        self._pieces.clear()

    @property
    def versions(self) -> tuple[str, ...]:
        """Every version of every model that was fitted: whose, and all that is known of it."""
        return tuple(
            f"{name} {v.number} {v.trained_at} {v.rows} {v.positives} {v.passed} {v.quality}"
            for name in self.system
            for v in self.system.registry.versions(name)
        )


_KEYS = ("arrival", "attempt", "station", "answer", "request", "end")


def _log(block: RequestBlock) -> dict[str, Column]:
    return block.log._asdict()


def _rows(block: RequestBlock, marks: Column | bool) -> Column:
    return np.broadcast_to(marks, block.log.end.shape)


def observe(
    scenario: Scenario, deciders: Iterable[Decider] = (), drain: bool = False
) -> Observation:
    """Run a world with all faults of its scenario, from its history to its horizon.

    deciders: further processes. drain: whether to go on until the last request has ended.
    """
    system = System(scenario, scenario.seed)
    observation = Observation(system)
    system.listeners.append(observation)
    faults: tuple[Fault, ...] = scenario.faults
    for process in [fault.process for fault in faults] + list(deciders):
        system.clock.process(process(system))
    system.run()
    if drain:
        system.network.advance(math.inf)
        system.settle()
    observation.finish()
    return observation


def differences(
    one: Observation, other: Observation, before: float = math.inf, but: Iterable[str] = ()
) -> list[str]:
    """The columns in which two worlds differ in any bit, of rows that ended `before` (seconds).

    but: columns whose names have one of these words in them are not compared.
    """
    ignored = tuple(but)
    return [
        f"{table}: {column}"
        for table in sorted(one.tables.keys() | other.tables.keys())
        for column in _differing(one.tables.get(table, {}), other.tables.get(table, {}), before)
        if not any(word in column for word in ignored)
    ]


def _differing(
    one: Mapping[str, Column], other: Mapping[str, Column], before: float
) -> Iterator[str]:
    for column in sorted(one.keys() | other.keys()):
        if _bytes(one, column, before) != _bytes(other, column, before):
            yield column


def _bytes(table: Mapping[str, Column], column: str, before: float) -> bytes:
    if column not in table:
        return b""
    return np.ascontiguousarray(table[column][table["end"] < before]).tobytes()
