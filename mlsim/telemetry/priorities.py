"""What became of visits to a component by how urgent they were."""

from typing import Any

import numpy as np

from mlsim.engine.network import Visits
from mlsim.engine.parts import PRIORITIES
from mlsim.telemetry.sojourns import Sojourns


class Priorities:
    """Counts the visits to one component from day 0 on. outcomes: how many there can be."""

    def __init__(self, outcomes: int):
        self._counts = np.zeros((PRIORITIES, outcomes), np.int64)
        self._sojourns = Sojourns(PRIORITIES)

    def add(self, visits: Visits) -> None:
        """Count visits to the component that have ended."""
        np.add.at(self._counts, (visits.priority, visits.outcome), 1)
        began = visits.replica >= 0
        taken = visits.end[began] - visits.arrival[began]
        self._sojourns.add(visits.priority[began].astype(np.int64), taken)

    def rows(self, outcomes: tuple[str, ...]) -> list[dict[str, Any]]:
        """For each priority that came, the most urgent first, what `components` tells of all."""
        return [
            {
                "priority": priority,
                "requests": int(counts.sum()),
                "ended": dict(zip(outcomes, counts.tolist(), strict=True)),
                **self._sojourns.figures(priority),
            }
            for priority, counts in reversed(list(enumerate(self._counts)))
            if counts.any()
        ]
