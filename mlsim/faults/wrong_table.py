"""wrong_table: a batch job reads another table than it should: the test table, or the pilot's."""

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar, Literal

from mlsim.errors import nearest
from mlsim.faults.base import fault_kind
from mlsim.faults.families.batch import BatchFault
from mlsim.scenario.expressions import Condition, names
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.system.batch_job import Job
from mlsim.system.simulation import System


@fault_kind("wrong_table")
class WrongTable(BatchFault):
    """A batch job reads a table of the same schema in which only some of the rows are.

    Who isn't in it has a count of 0, or no mean; who is there in part is as if seldom seen. The job
    succeeds, and its snapshots are young. Source: Kaestner, "stale snapshot or wrong data source".
    """

    example: ClassVar[str] = """
        kind: wrong_table
        at: 5d
        until: 12d
        component: nightly_habits
        holds: age < 40
    """

    kind: Literal["wrong_table"] = "wrong_table"
    holds: Condition
    """Which rows are in that table: a condition over what is true of a row."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        known = [*scenario.world.columns(), *scenario.world.drivers]
        for used in names(self.holds):
            if used not in known:
                yield ("holds",), f"the world has no column '{used}'", nearest(used, known)

    def title(self) -> str:
        return f"{self.component} reads the wrong table"

    def broken(self, job: Job, system: System) -> Job:
        return replace(job, table=system.formula(self.holds, f"fault/{self.called}"))

    def repaired(self, job: Job, system: System) -> Job:
        return replace(job, table=None)
