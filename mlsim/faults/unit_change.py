"""unit_change: a producer starts to send a column in another unit; nobody tells its consumers."""

from collections.abc import Iterable
from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.column import ColumnFault
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Unit
from mlsim.system.formats import in_unit
from mlsim.system.output import Alter
from mlsim.system.simulation import System
from mlsim.system.units_check import not_convertible


@fault_kind("unit_change")
class UnitChange(ColumnFault):
    """A producer sends `column` in `unit`, while its consumers read on in the old one.

    On a client it comes with an app update, which each person installs at some moment of the
    `ramp`; on another component rows change over. The repair reaches all at once. Source:
    Kaestner, "dropped data after format changes"; the Mars Climate Orbiter is the classic case.
    """

    example: ClassVar[str] = """
        kind: unit_change
        at: 9d
        until: 14d
        ramp: 2d
        component: phone
        column: temperature
        unit: fahrenheit
    """

    kind: Literal["unit_change"] = "unit_change"
    unit: Unit
    """The unit that is sent while the fault lasts, of the same dimension."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        producer = scenario.system.get(self.component)
        if producer is not None and self.fits(producer) and self.column in self.sent(scenario):
            places = (("column",), ("unit",))
            yield from not_convertible(
                scenario, self.column, self.unit, self.sent(scenario), places
            )

    def title(self) -> str:
        return f"{self.component} sends {self.column} in {self.unit}"

    def alteration(self, system: System) -> Alter:
        return in_unit(system.unit_of(self.column), self.unit)
