"""Outcomes: what people care about, counted in the world as requests end."""

import math

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.columns import Formula, Rows
from mlsim.engine.network import Visits
from mlsim.scenario.calendar import calendar_offset
from mlsim.scenario.spec import Scenario
from mlsim.system.requests import RequestBlock
from mlsim.system.settled import OUTCOMES


class Ledger:
    """Adds up the outcomes of a run on a grid of time, from day 0 to the horizon.

    step: width of a cell in seconds; cell k holds what happened in [k*step, (k+1)*step), so that
    what a fault does in the instant in which it begins doesn't stand before it. Day 0 begins after
    0, and the last cell has the horizon, too.
    """

    def __init__(self, scenario: Scenario, seed: int, step: float):
        self.step, self._horizon = step, scenario.horizon
        calendar = calendar_offset(scenario.start)
        self._formulas = {
            name: Formula(outcome.expression, seed, f"outcome/{name}", calendar)
            for name, outcome in scenario.outcomes.items()
        }
        self._ended = np.zeros(len(OUTCOMES), np.int64)
        cells = math.ceil(scenario.horizon / step)
        self._by_load = {name: np.zeros((len(scenario.load), cells)) for name in self._formulas}

    def on_requests(self, block: RequestBlock) -> None:
        """Add the requests of a block, each at the time at which it ended."""
        live = block.log.end > 0
        if not live.any():
            return  # history: nobody has to know what was true
        self._ended += np.bincount(block.log.outcome[live], minlength=len(OUTCOMES))
        cell = np.floor(block.log.end / self.step).astype(np.int64)
        within = live & (block.log.end <= self._horizon)
        rows = Rows(block.log.request, block.log.arrival, block)
        for name, formula in self._formulas.items():
            total = self._by_load[name][block.log.load[0]]
            values = np.asarray(formula(rows), dtype=float)
            # What is missing (an output without an answer, a gap in a trace) adds nothing.
            counts = within & ~np.isnan(values)
            # One by one, in order of time: a sum of sums would depend on how rows come in blocks.
            np.add.at(total, np.minimum(cell[counts], total.size - 1), values[counts])

    @property
    def totals(self) -> dict[str, NDArray[np.float64]]:
        """Each outcome, float64[cells]."""
        return {name: loads.sum(axis=0) for name, loads in self._by_load.items()}

    @property
    def requests(self) -> dict[str, int]:
        """How many requests have ended how, since day 0."""
        return dict(zip(OUTCOMES, self._ended.tolist(), strict=True))

    def on_visits(self, visits: Visits) -> None:
        """Outcomes are counted in the world, not in the machine."""

    def on_collected(self, collector: str, block: RequestBlock) -> None:
        """Outcomes happen whether or not telemetry hears of them."""
