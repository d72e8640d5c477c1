"""off_by_one_window: a batch job's window begins and ends one period too early."""

from dataclasses import replace
from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.batch import BatchFault
from mlsim.system.batch_job import Job
from mlsim.system.simulation import System


@fault_kind("off_by_one_window")
class OffByOneWindow(BatchFault):
    """The rows of the newest period are not in the window, and those of one too many are.

    It is as long as before, and full: what it says of each person is right, and one period old.
    Source: Kaestner, "off-by-one in a window", among mistakes in data pipelines.
    """

    example: ClassVar[str] = """
        kind: off_by_one_window
        at: 5d
        until: 12d
        component: nightly_habits
    """

    kind: Literal["off_by_one_window"] = "off_by_one_window"

    def title(self) -> str:
        return f"{self.component} takes its window one period too early"

    def broken(self, job: Job, system: System) -> Job:
        return replace(job, too_early=self.job(system).every)

    def repaired(self, job: Job, system: System) -> Job:
        return replace(job, too_early=0.0)
