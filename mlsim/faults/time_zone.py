"""time_zone: a time of day is sent as it is elsewhere."""

from collections.abc import Iterable
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from mlsim.engine.columns import DAY
from mlsim.faults.base import fault_kind
from mlsim.faults.families.column import ColumnFault
from mlsim.faults.families.times import not_a_time
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import affine
from mlsim.system.output import Alter
from mlsim.system.simulation import System


@fault_kind("time_zone")
class TimeZone(ColumnFault):
    """A time of day is sent in another time zone, and read as if it were local.

    It wraps around at midnight, so that every value is a possible one. Source: Kaestner, on time
    zones and daylight saving (one hour off, twice a year).
    """

    example: ClassVar[str] = """
        kind: time_zone
        at: 5d
        component: phone
        column: taken_at
        hours: -1
    """

    kind: Literal["time_zone"] = "time_zone"
    hours: float = Field(ge=-26, le=26)
    """What the zone that is sent is ahead of the one that is read."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        yield from not_a_time(scenario, self.column)

    def title(self) -> str:
        return f"{self.component} sends {self.column} {self.hours:+g} h off"

    def alteration(self, system: System) -> Alter:
        per_second, _ = affine("s", system.unit_of(self.column))
        shift, day = self.hours * 3600 * per_second, DAY * per_second
        return lambda values, rows: np.asarray(np.mod(values + shift, day))
