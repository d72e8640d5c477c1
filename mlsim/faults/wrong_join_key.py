"""wrong_join_key: what is known of one person is joined to the requests of another."""

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


@fault_kind("wrong_join_key")
class WrongJoinKey(ColumnFault):
    """A column of the person is taken from somebody else, always from the same: the key is wrong.

    The distribution of the column stays exactly what it was, and each person's value is as steady
    as before. Source: Kaestner, "wrong feature extraction".
    """

    example: ClassVar[str] = """
        kind: wrong_join_key
        at: 5d
        component: phone
        column: age
    """

    kind: Literal["wrong_join_key"] = "wrong_join_key"

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        if self.column not in scenario.world.person:
            message = f"must be a column of world.person: there is no other {self.column} to join"
            yield ("column",), message, ""

    def title(self) -> str:
        return f"{self.component} joins {self.column} by a wrong key"

    def alteration(self, system: System) -> Alter:
        stream, people = self.stream(system, "key"), system.scenario.world.people

        def somebody_elses(values: Column, rows: Inbox) -> Column:
            others = np.floor(draws.uniform(stream, rows.people) * people).astype(np.int64)
            return system.world.of(self.column, rows.ids, others, rows.sent)

        return somebody_elses
