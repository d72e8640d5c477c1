"""late_batch: a batch job starts later than it should."""

from dataclasses import replace
from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.batch import BatchFault
from mlsim.scenario.units import Duration
from mlsim.system.batch_job import Job
from mlsim.system.simulation import System


@fault_kind("late_batch")
class LateBatch(BatchFault):
    """A batch job waits before it starts: its cluster is full, or its table isn't there yet.

    It succeeds each time; meanwhile its store serves the snapshot before. A run that is so late
    that it ends after the next one's turn takes that turn from it, and jobs that come after this
    one wait, too. Source: Beyer et al., Site Reliability Engineering (2016), "Data Processing
    Pipelines".
    """

    example: ClassVar[str] = """
        kind: late_batch
        at: 5d
        until: 12d
        component: nightly_habits
        by: 5h
    """

    kind: Literal["late_batch"] = "late_batch"
    by: Duration
    """How late it starts."""

    def title(self) -> str:
        return f"{self.component} starts {self.by / 3600:g} h late"

    def broken(self, job: Job, system: System) -> Job:
        return replace(job, late_by=self.by)

    def repaired(self, job: Job) -> Job:
        return replace(job, late_by=0.0)
