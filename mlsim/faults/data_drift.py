"""data_drift: a column of the world is no longer distributed as before."""

from collections.abc import Iterable
from typing import ClassVar, Literal

from mlsim.engine.spread import Spread
from mlsim.faults.base import fault_kind
from mlsim.faults.families.world_change import WorldChange, per_request
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.system.simulation import System
from mlsim.world.alteration import Alteration


@fault_kind("data_drift")
class DataDrift(WorldChange):
    """True values of a column are stretched and shifted; what depends on it follows its old law.

    Whether that harms anybody is another question: a loud shift of what no model needs doesn't.
    Source: Gama et al., A survey on concept drift adaptation (2014), "virtual drift".
    """

    example: ClassVar[str] = """
kind: data_drift
at: 10d
ramp: 2d
column: temperature
shift: -0.4
"""

    kind: Literal["data_drift"] = "data_drift"
    column: str
    """The column, drawn per request."""
    shift: float = 0.0
    """What is added to its values, in the column's unit."""
    scale: float = 1.0
    """What they are multiplied by before that."""

    @property
    def changes(self) -> str:
        return self.column

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        yield from per_request(scenario, self.column)

    def title(self) -> str:
        return f"{self.column} is distributed otherwise"

    def alteration(self, system: System, spread: Spread) -> Alteration:
        return Alteration(spread, lambda values, rows: values * self.scale + self.shift)
