"""Outcomes: what people care about, counted in the world as requests end."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.columns import Formula, Rows
from mlsim.engine.network import Visits
from mlsim.scenario.spec import Outcome
from mlsim.system.requests import OUTCOMES, RequestBlock


class Ledger:
    """Adds up the outcomes of a run on a grid of time, from day 0 to the horizon.

    step: width of a cell in seconds; cell k holds what happened in (k*step, (k+1)*step].
    """

    def __init__(self, outcomes: Mapping[str, Outcome], seed: int, horizon: float, step: float):
        self.step = step
        self._formulas = {
            name: Formula(outcome.expression, seed, f"outcome/{name}")
            for name, outcome in outcomes.items()
        }
        cells = math.ceil(horizon / step)
        self._ended = np.zeros(len(OUTCOMES), np.int64)
        self.totals: dict[str, NDArray[np.float64]] = {name: np.zeros(cells) for name in outcomes}

    def on_requests(self, block: RequestBlock) -> None:
        """Add the requests of a block, each at the time at which it ended."""
        live = block.log.end > 0
        self._ended += np.bincount(block.log.outcome[live], minlength=len(OUTCOMES))
        cell = np.ceil(block.log.end / self.step).astype(np.int64) - 1
        rows = Rows(block.log.request, block.log.arrival, block)
        for name, formula in self._formulas.items():
            total = self.totals[name]
            inside = (cell >= 0) & (cell < total.size)
            weights = np.asarray(formula(rows), dtype=float)[inside]
            total += np.bincount(cell[inside], weights, minlength=total.size)

    @property
    def requests(self) -> dict[str, int]:
        """How many requests have ended how, since day 0."""
        return dict(zip(OUTCOMES, self._ended.tolist(), strict=True))

    def on_visits(self, visits: Visits) -> None:
        """Outcomes are counted in the world, not in the machine."""

    def on_collected(self, collector: str, block: RequestBlock) -> None:
        """Outcomes happen whether or not telemetry hears of them."""
