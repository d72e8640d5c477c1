"""clock_skew: the clock that a column was read from is wrong, and perhaps goes wrong further."""

from collections.abc import Iterable
from typing import ClassVar, Literal

from mlsim.engine.columns import DAY
from mlsim.faults.base import fault_kind
from mlsim.faults.families.column import ColumnFault
from mlsim.faults.families.times import not_a_time
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import When, affine
from mlsim.system.output import Alter
from mlsim.system.simulation import System


@fault_kind("clock_skew")
class ClockSkew(ColumnFault):
    """A column that is a time, or a difference of times on two clocks, is sent as a wrong clock
    shows it: off by `by`, and by `per_day` more each day from then on.

    Source: Kaestner, on timestamps of several machines; Mills, RFC 5905 (NTP), for offset and skew.
    """

    example: ClassVar[str] = """
        kind: clock_skew
        at: 5d
        component: phone
        column: time_since_meal
        by: 30min
        per_day: -5s
    """

    kind: Literal["clock_skew"] = "clock_skew"
    by: When = 0.0
    """How much the clock is fast from the beginning; negative if it is slow."""
    per_day: When = 0.0
    """How much it gains per day."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        yield from not_a_time(scenario, self.column)

    def title(self) -> str:
        return f"the clock behind {self.column} at {self.component} is wrong"

    def alteration(self, system: System) -> Alter:
        began = float(system.clock.now)
        per_second, _ = affine("s", system.unit_of(self.column))
        return lambda values, rows: (
            values + per_second * (self.by + self.per_day * (rows.sent - began) / DAY)
        )
