"""shuffled: a column loses its rows, and each row gets some other row's value."""

from collections.abc import Iterable
from typing import ClassVar, Literal

import numpy as np

from mlsim.engine import draws
from mlsim.engine.columns import Column
from mlsim.faults.base import fault_kind
from mlsim.faults.families.column import ColumnFault
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.system.base import Inbox
from mlsim.system.output import Alter
from mlsim.system.simulation import System

IDS = 2.0**52


@fault_kind("shuffled")
class Shuffled(ColumnFault):
    """Each row carries the value of another request of the same time, of anybody: a result of a
    parallel step was put back in another order.

    The distribution of the column stays exactly what it was; what is lost is what it had to do with
    the rest of the row. Source: Kaestner, "wrong feature extraction"; permuting a column is how
    Breiman (2001) measured what a model owes to it.
    """

    example: ClassVar[str] = """
        kind: shuffled
        at: 5d
        component: phone
        column: temperature
    """

    kind: Literal["shuffled"] = "shuffled"

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        if self.column not in scenario.world.columns():
            yield ("column",), f"must be a column of the world, and {self.column} is none", ""

    def title(self) -> str:
        return f"{self.component} mixes up whose {self.column} is whose"

    def alteration(self, system: System) -> Alter:
        stream, people = self.stream(system, "order"), system.scenario.world.people

        def another_rows(values: Column, rows: Inbox) -> Column:
            ids = (draws.uniform(stream, rows.ids, rows.attempts) * IDS).astype(np.int64)
            whose = np.floor(draws.uniform(stream, ids) * people).astype(np.int64)
            return system.world.of(self.column, ids, whose, rows.sent)

        return another_rows
