"""unit_change: a producer starts to send a column in another unit; nobody tells its consumers."""

from collections.abc import Iterable
from typing import Literal

import numpy as np

from mlsim.engine import draws
from mlsim.errors import nearest
from mlsim.faults.base import Fault, fault_kind
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Duration, Name, Unit, affine, dimension_of
from mlsim.system.output import FormatChange
from mlsim.system.simulation import System


@fault_kind("unit_change")
class UnitChange(Fault):
    """A producer sends `column` in `unit`, while its consumers read on in the old one.

    On a client it comes with an app update, which each person installs at some moment of the
    `ramp`; on another component that share of the rows is sent in the new unit. The repair reaches
    all at once. Source: Kaestner, "dropped data after format changes"; the Mars Climate Orbiter is
    the classic case.
    """

    kind: Literal["unit_change"] = "unit_change"
    component: Name
    """The producer: a component that sends `column`."""
    column: str
    """A column of the world that has a unit."""
    unit: Unit
    """The unit that is sent while the fault lasts, of the same dimension."""
    ramp: Duration = 0.0
    """How long it takes until all have changed over; 0 is at once."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        producers = [n for n, c in scenario.system.items() if c.sends_columns]
        if self.component not in scenario.system:
            message = f"no component '{self.component}' in system"
            yield ("component",), message, nearest(self.component, scenario.system)
        elif self.component not in producers:
            yield ("component",), f"must send columns, as {' and '.join(producers)} do", ""
        truth = scenario.world.columns()
        if self.column not in truth:
            message = f"the world has no column '{self.column}'"
            yield ("column",), message, nearest(self.column, truth)
            return
        unit = truth[self.column].unit
        if unit is None:
            yield ("column",), f"must have a unit, and {self.column} has none", ""
        elif dimension_of(unit) != dimension_of(self.unit):
            yield ("unit",), f"must be a {dimension_of(unit)} (got '{self.unit}')", ""

    def title(self) -> str:
        return f"{self.component} sends {self.column} in {self.unit}"

    def begin(self, system: System) -> None:
        # Only what is sent changes. What the consumers believe stays: that is the fault.
        scale, offset = affine(system.unit_of(self.column), self.unit)
        change = FormatChange(
            column=self.column,
            scale=scale,
            offset=offset,
            at=system.clock.now,
            uptake=self.ramp,
            stream=self._stream(system),
        )
        producer = system[self.component]
        output = producer.current.output
        producer.change(producer.current.with_output(output.with_change(change)))

    def end(self, system: System) -> None:
        producer = system[self.component]
        output = producer.current.output
        producer.change(producer.current.with_output(output.without_change(self._stream(system))))

    def _stream(self, system: System) -> np.uint64:
        return draws.stream(system.seed, f"fault/{self.called}/uptake")
