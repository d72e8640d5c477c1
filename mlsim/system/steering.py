"""What rows carry, told to the network where it decides how they move."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.columns import Formula
from mlsim.engine.network import Requests
from mlsim.engine.routes import Question, Trait
from mlsim.scenario.flow_steps import Choice
from mlsim.system.base import Component
from mlsim.system.contract import Reader
from mlsim.system.requests import RequestBlock
from mlsim.system.traits import WHOSE, coded
from mlsim.system.wiring import Readers, Wiring, needed_by


class Steering:
    """Answers the network's questions about rows that are under way.

    ways: the wirings of loads. block: makes a block of rows of a load, by its number. traits: what
    components go by.
    """

    def __init__(
        self,
        system: Mapping[str, Component],
        wiring: Wiring,
        ways: Iterable[Wiring],
        block: Callable[[int, Requests], RequestBlock],
        traits: Mapping[Trait, Formula],
    ):
        self._system, self._wiring, self._block = system, wiring, block
        self._ways = tuple(ways)
        self._traits = traits
        self.checked = frozenset(
            name for name, spec in system.items() if isinstance(spec, Reader) and spec.fails
        )

    @property
    def is_asked(self) -> bool:
        """Whether what rows carry decides how they are served."""
        return bool(self.checked or self._traits)

    def reads(self, question: Question) -> frozenset[str]:
        """The components whose settings an answer depends on."""
        if isinstance(question, Choice):
            return self._lineage(question, needed_by(question))
        if isinstance(question, Trait):
            read = [name for name in self._traits[question].names if name != WHOSE]
            return self._lineage(question.station, read)
        needs = self._system[question].needs() or self._wiring.visible(question)
        return self._lineage(question, needs)

    def _lineage(self, reader: Readers, columns: Iterable[str]) -> frozenset[str]:
        return self._wiring.lineage(reader, columns, self._ways)

    def answer(self, question: Question, load: int, rows: Requests) -> NDArray[np.int64]:
        """The branch of each row, 1 where a component can't read it, or its trait; int64[n]."""
        block = self._block(load, rows)
        if isinstance(question, Choice):
            return block.branch(question)
        if isinstance(question, Trait):
            return coded(question, block.trait(question.station, self._traits[question]))
        bad = block.unreadable_at(question)
        return np.broadcast_to(np.asarray(bad, dtype=np.int64), rows.end.shape)
