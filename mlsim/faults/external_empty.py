"""external_empty: an external source answers with an empty page, and says that all is well."""

from typing import ClassVar, Literal

import numpy as np

from mlsim.engine.spread import Spread
from mlsim.faults.base import fault_kind
from mlsim.faults.families.shares import part
from mlsim.faults.families.source import SourceFault
from mlsim.scenario.units import Probability
from mlsim.system.output import Change
from mlsim.system.simulation import System


@fault_kind("external_empty")
class ExternalEmpty(SourceFault):
    """A `share` of the answers has status 200 and nothing in it: all columns are missing.

    The source is up, quick and answers every call, so whoever watches its status and its latency
    sees a healthy service. Source: Kaestner, "external data sources"; Breck et al., Data Validation
    for Machine Learning (2019).
    """

    example: ClassVar[str] = """
        kind: external_empty
        at: 5d
        until: 8d
        component: weather
    """

    kind: Literal["external_empty"] = "external_empty"
    share: Probability = 1.0
    """Share of the answers that are empty."""

    def title(self) -> str:
        return f"{part(self.share)} of the answers of {self.component} are empty"

    def sets(self) -> frozenset[str]:
        return frozenset()

    def begin(self, system: System) -> None:
        source = system[self.component]
        output = source.current.output
        for column in source.spec.outputs(self.component):
            output = output.with_change(self._emptied(system, column))
        source.change(source.current.with_output(output))

    def end(self, system: System) -> None:
        source = system[self.component]
        output = source.current.output.without_change(self.stream(system))
        source.change(source.current.with_output(output))

    def _emptied(self, system: System, column: str) -> Change:
        # One stream for all columns: an empty answer lacks each of them.
        return Change(
            column=column,
            spread=Spread(float(system.clock.now), 0.0, self.share, self.stream(system)),
            alter=lambda values, rows: np.full(values.shape, np.nan),
            by_row=True,
        )
