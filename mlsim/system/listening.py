"""Who is told what has happened in a system."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.network import Visits
from mlsim.system.requests import RequestBlock


class Listener(Protocol):
    """Somebody who is told what has happened, block by block; who listens changes nothing."""

    def on_visits(self, visits: Visits) -> None:
        """Requests have been at components."""

    def on_requests(self, block: RequestBlock) -> None:
        """Requests have ended, as their clients see it."""

    def on_collected(self, collector: str, block: RequestBlock) -> None:
        """Rows have reached a collector."""


class LossListener(Protocol):
    """Somebody who keeps lineage, and so must know of rows that nobody else gets to see."""

    def on_lost(self, collector: str, block: RequestBlock, arrives: NDArray[np.float64]) -> None:
        """A fault keeps rows from a collector that should have had them when they ended.

        arrives: float64[n], when they come, in seconds; inf for never.
        """
