"""failed_job: a batch job runs, and ends without having written anything."""

from dataclasses import replace
from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.batch import BatchFault
from mlsim.system.batch_job import Job
from mlsim.system.simulation import System


@fault_kind("failed_job")
class FailedJob(BatchFault):
    """A batch job fails at its end, run after run: no memory, no space, a row that it can't read.

    Its store keeps the last good snapshot and serves it; jobs that come after this one don't run at
    all. A run that is under way when the repair comes succeeds. Source: Beyer et al., Site
    Reliability Engineering (2016), "Data Processing Pipelines".
    """

    example: ClassVar[str] = """
        kind: failed_job
        at: 5d
        until: 8d
        component: nightly_habits
    """

    kind: Literal["failed_job"] = "failed_job"

    def title(self) -> str:
        return f"{self.component} fails"

    def broken(self, job: Job, system: System) -> Job:
        return replace(job, fails=True)

    def repaired(self, job: Job, system: System) -> Job:
        return replace(job, fails=False)
