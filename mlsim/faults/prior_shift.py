"""prior_shift: what is looked for becomes more frequent, or rarer."""

from collections.abc import Iterable
from typing import ClassVar, Literal

from mlsim.engine.spread import Spread
from mlsim.errors import nearest
from mlsim.faults.base import fault_kind
from mlsim.faults.families.world_change import WorldChange
from mlsim.scenario.expressions import DriverExpression, names
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.system.simulation import System
from mlsim.world.alteration import Alteration


@fault_kind("prior_shift")
class PriorShift(WorldChange):
    """A driver of the world, as the prevalence of a disease, takes another course.

    Given the label, inputs are as before; but scores and thresholds were fitted to the old share.
    Source: Moreno-Torres et al., A unifying view on dataset shift in classification (2012).
    """

    example: ClassVar[str] = """
kind: prior_shift
at: 10d
ramp: 3d
driver: prevalence
becomes: 0.12
"""

    kind: Literal["prior_shift"] = "prior_shift"
    driver: str
    """The driver."""
    becomes: DriverExpression
    """Its new course over time."""

    @property
    def changes(self) -> str:
        return self.driver

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        drivers = scenario.world.drivers
        if self.driver not in drivers:
            message = f"the world has no driver '{self.driver}'"
            yield ("driver",), message, nearest(self.driver, drivers)
        for used in names(self.becomes):
            yield ("becomes",), f"must depend on time alone, and uses '{used}'", ""

    def title(self) -> str:
        return f"{self.driver} takes another course"

    def alteration(self, system: System, spread: Spread) -> Alteration:
        course = system.world.formula(self.driver, self.becomes)
        return Alteration(spread, lambda values, rows: course(rows), smoothly=True)
