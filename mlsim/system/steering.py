"""What rows carry, told to the network where it decides how they move."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.network import Requests
from mlsim.engine.routes import Question
from mlsim.scenario.flow_steps import Choice
from mlsim.system.base import Component
from mlsim.system.contract import Reader
from mlsim.system.requests import RequestBlock
from mlsim.system.wiring import Wiring, needed_by


class Steering:
    """Answers the network's questions about rows that are under way.

    block: makes a block of rows of a load, by its number.
    """

    def __init__(
        self,
        system: Mapping[str, Component],
        wiring: Wiring,
        block: Callable[[int, Requests], RequestBlock],
    ):
        self._system, self._wiring, self._block = system, wiring, block
        self.checked = frozenset(
            name for name, spec in system.items() if isinstance(spec, Reader) and spec.fails
        )

    def reads(self, question: Question) -> frozenset[str]:
        """The components whose settings an answer depends on."""
        if isinstance(question, Choice):
            return self._wiring.lineage(question, needed_by(question))
        needs = self._system[question].needs() or self._wiring.visible(question)
        return self._wiring.lineage(question, needs)

    def answer(self, question: Question, load: int, rows: Requests) -> NDArray[np.int64]:
        """The branch that each row takes, or 1 where a component can't read it; int64[n]."""
        block = self._block(load, rows)
        if isinstance(question, Choice):
            return block.branch(question)
        bad = block.unreadable_at(question)
        return np.broadcast_to(np.asarray(bad, dtype=np.int64), rows.end.shape)
