"""late_job: a training job starts later than it should, since something before it takes long."""

from dataclasses import replace
from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.training import TrainerFault
from mlsim.scenario.units import Duration
from mlsim.system.sample import TrainingJob
from mlsim.system.simulation import System


@fault_kind("late_job")
class LateJob(TrainerFault):
    """A training job waits before it begins: for a table that is written late, or for a machine.

    It succeeds each time, on newer rows; meanwhile the version before it goes on serving. A job
    that begins after its next turn misses that turn.
    """

    example: ClassVar[str] = """
        kind: late_job
        at: 5d
        until: 12d
        component: nightly_risk
        by: 18h
    """

    kind: Literal["late_job"] = "late_job"
    by: Duration
    """How late it begins."""

    def title(self) -> str:
        return f"{self.component} begins {self.by / 3600:g} h late"

    def broken(self, job: TrainingJob, system: System) -> TrainingJob:
        return replace(job, late=self.by)

    def repaired(self, job: TrainingJob) -> TrainingJob:
        return replace(job, late=0.0)
