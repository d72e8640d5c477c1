"""Features that training makes anew: which, from what, by whose code, and what faults did to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.columns import Column, Formula, Rows
from mlsim.system.model import Model
from mlsim.system.requests import RequestBlock
from mlsim.system.trainer import Trainer
from mlsim.system.transform import Transform

if TYPE_CHECKING:
    from mlsim.system.simulation import System


@dataclass(frozen=True)
class Recomputed:
    """The inputs of one model that its training makes itself, from what transforms received.

    transforms: by input, which transform serves it.
    """

    system: "System"
    model: str
    transforms: Mapping[str, str]

    @classmethod
    def of(cls, system: "System", name: str, model: Model) -> "Recomputed":
        """Those of a model; none unless a trainer of it has `features: recomputed`."""
        components = system.scenario.system
        trainers = [s for s in components.values() if isinstance(s, Trainer)]
        if not any(t.model == name and t.features == "recomputed" for t in trainers):
            return cls(system, name, {})
        sources = {c: system.wiring.source(name, c) for c in model.inputs}
        made = {
            column: source
            for column, source in sources.items()
            if source and isinstance(t := components[source], Transform) and column in t.makes
        }
        return cls(system, name, made)

    def raw(self) -> list[str]:
        """What must be kept for it: `raw/<transform>/<column>`."""
        return [
            f"raw/{transform}/{column}"
            for transform in dict.fromkeys(self.transforms.values())
            for column in self.system[transform].spec.needs()
        ]

    def inputs(
        self, rows: Rows, code: Mapping[str, Formula], kept: Callable[[str], Column]
    ) -> dict[str, Column]:
        """The inputs of n rows, by `code` where it has a formula, else as serving began.

        kept: gives a column of what was kept, by name.
        """
        made: dict[str, Column] = {}
        for name, transform in self.transforms.items():
            served = self.system[transform]
            raw = {c: kept(f"raw/{transform}/{c}") for c in served.spec.needs()}
            formula = code.get(name, served.settings[0].formulas[name])
            made[name] = np.asarray(formula(Rows(rows.ids, rows.time, raw)), dtype=float)
        return made

    def touched(self, block: RequestBlock) -> NDArray[np.bool_] | bool:
        """In which rows a fault has had its hand in the model's inputs as training sees them."""
        if not self.transforms:
            return block.touched_inputs(self.model)
        touched: NDArray[np.bool_] | bool = False
        for sender, column in self._senders():
            touched = touched | block.touched(sender, column)
        return touched

    def _senders(self) -> list[tuple[str, str]]:
        """Who sends what the inputs are made of, for all that is sent and not simply true."""
        wiring = self.system.wiring
        read = [
            (source, raw)
            for column, source in self.transforms.items()
            for raw in self.system[source].spec.needs_for(column)
        ]
        inputs = self.system[self.model].spec.needs()
        read += [(self.model, column) for column in inputs if column not in self.transforms]
        return [
            (sender, column)
            for reader, column in read
            if (sender := wiring.source(reader, column)) is not None
        ]
