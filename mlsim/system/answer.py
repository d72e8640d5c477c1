"""The world's answer to the machine: a state of the world that changes with what it brought about.

It stands here and not in the world, since it counts what the machine did.
"""

from collections.abc import Generator
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import simpy

from mlsim.engine.columns import Rows
from mlsim.engine.network import Visits
from mlsim.system.requests import RequestBlock

if TYPE_CHECKING:
    from mlsim.system.simulation import System


class Answer:
    """Counts the requests that end, and publishes the next value of one state step by step.

    due: when the next value will be published, in seconds since day 0; until then it is known.
    """

    def __init__(self, system: "System", name: str):
        scenario = system.scenario
        self._system, self._name = system, name
        self._spec = spec = scenario.world.state[name]
        stream = f"world/state/{name}"
        self._counts = {
            counted: system.formula(condition, f"{stream}/{counted}")
            for counted, condition in spec.counts.items()
        }
        assert spec.next is not None, "other states answer nobody"
        assert spec.every is not None, "validation sees to it"
        self._every = spec.every
        self._next = system.formula(spec.next, f"{stream}/next")
        self._counted = dict.fromkeys(self._counts, 0)
        self.due = self._now + self._wait(1)

    def process(self) -> Generator[simpy.Event, None, None]:
        """Its life in simulated time."""
        for step in count(1):
            wait = self._wait(step)
            self.due = self._now + wait
            yield self._system.clock.timeout(wait)
            self._step()

    def on_requests(self, block: RequestBlock) -> None:
        """Count the requests of a block; those of the history don't count."""
        live = block.log.end > 0
        rows = Rows(block.log.request, block.log.arrival, block)
        for counted, formula in self._counts.items():
            holds = np.nan_to_num(np.asarray(formula(rows), dtype=float)) != 0
            self._counted[counted] += int(np.count_nonzero(live & holds))

    def on_visits(self, visits: Visits) -> None:
        """People see what they are told, and not where it comes from."""

    def on_collected(self, collector: str, block: RequestBlock) -> None:
        """What telemetry hears changes nothing in the world."""

    @property
    def _now(self) -> float:
        return float(self._system.clock.now)

    def _wait(self, step: int) -> float:
        return step * self._every - self._now

    def _step(self) -> None:
        self._system.settle()
        world, now = self._system.world, self._now
        counted = {name: np.array([float(number)]) for name, number in self._counted.items()}
        rows = Rows(np.zeros(1, np.int64), np.array([now]), {**world.moment(now), **counted})
        with np.errstate(divide="ignore", invalid="ignore"):
            value = float(np.clip(self._next(rows)[0], *self._spec.range))
        self._counted = dict.fromkeys(self._counts, 0)
        if not np.isnan(value):  # a share of nobody: it stays as it is
            world.states[self._name].publish(now, value)
            self._system.happenings.stepped(self._name, value)
