"""A scenario lived through, moved by one engine or another, and all that was told."""

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import numpy as np
import simpy

from mlsim import faults  # noqa: F401  (makes its kinds known)
from mlsim.engine.network import Network, Visits
from mlsim.scenario.spec import Scenario
from mlsim.system.requests import RequestBlock
from mlsim.system.simulation import System


class Log:
    """A listener that keeps all it is told, in order: visits, ends of requests, rows at sinks."""

    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[Any, ...]]] = {"visits": []}

    def keep(self, name: str, columns: tuple[np.ndarray, ...]) -> None:
        rows = zip(*(column.tolist() for column in columns), strict=True)
        self.rows.setdefault(name, []).extend(rows)

    def on_visits(self, visits: Visits) -> None:
        self.keep("visits", visits)

    def on_requests(self, block: RequestBlock) -> None:
        self.keep(f"ends of load {block.log.load[0]}", block.log)

    def on_collected(self, collector: str, block: RequestBlock) -> None:
        self.keep(f"{collector} of load {block.log.load[0]}", block.log)


class Life:
    """A system after its run, with its log."""

    def __init__(
        self,
        scenario: Scenario,
        engine: Callable[..., Any] = Network,
        tick: float = 0.0,
        at_tick: Callable[[System], None] = lambda system: None,
    ) -> None:
        with patch("mlsim.system.simulation.Network", engine):
            self.system = System(scenario, scenario.seed)
        for fault in scenario.faults:
            self.system.clock.process(fault.process(self.system))
        if tick:
            self.system.clock.process(self.ticking(tick, at_tick))
        self.log = Log()
        self.system.listeners.append(self.log)
        self.system.run()

    def ticking(self, tick: float, at_tick: Callable[[System], None]) -> Iterator[simpy.Event]:
        while True:
            yield self.system.clock.timeout(tick)
            at_tick(self.system)

    @property
    def stations(self) -> list[str]:
        return [name for name in self.system.network.names if name in self.system.replicas]

    @property
    def ends(self) -> list[tuple[Any, ...]]:
        return [row for name, rows in self.log.rows.items() if "ends" in name for row in rows]

    @property
    def under_way(self) -> list[tuple[Any, ...]]:
        columns = self.system.network.under_way()
        return sorted(zip(*(column.tolist() for column in columns), strict=True))

    def whole(self) -> dict[str, Any]:
        """All that happened, and where everybody is at the end."""
        return {
            **self.log.rows,
            "replicas": self.system.replica_changes,
            "counters": {name: self.system.network.counters(name) for name in self.stations},
            "under way": self.under_way,
        }
