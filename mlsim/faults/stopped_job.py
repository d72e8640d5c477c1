"""stopped_job: a training job is no longer started, and nobody gets an error."""

from dataclasses import replace
from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.training import TrainerFault
from mlsim.system.sample import TrainingJob
from mlsim.system.simulation import System


@fault_kind("stopped_job")
class StoppedJob(TrainerFault):
    """The scheduler doesn't start a training job any more; the model that serves grows old.

    In a world that stays the same that harms nobody; in one that moves, the model decays.
    """

    example: ClassVar[str] = """
        kind: stopped_job
        at: 5d
        until: 12d
        component: nightly_risk
    """

    kind: Literal["stopped_job"] = "stopped_job"

    def title(self) -> str:
        return f"{self.component} is not started"

    def broken(self, job: TrainingJob, system: System) -> TrainingJob:
        return replace(job, runs=False)

    def repaired(self, job: TrainingJob, system: System) -> TrainingJob:
        return replace(job, runs=True)
