"""stale_snapshot: training reads a copy of its table that is no longer refreshed."""

from dataclasses import replace
from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.training import TrainerFault
from mlsim.system.sample import TrainingJob
from mlsim.system.simulation import System
from mlsim.system.trainer import Trainer


@fault_kind("stale_snapshot")
class StaleSnapshot(TrainerFault):
    """Training reads the rows as they were when the fault began, night after night.

    Versions get new numbers and are young; what they know is old. Source: Kaestner, "stale
    snapshot or wrong data source", last year's table.
    """

    example: ClassVar[str] = """
        kind: stale_snapshot
        at: 5d
        until: 12d
        component: nightly_risk
    """

    kind: Literal["stale_snapshot"] = "stale_snapshot"

    def title(self) -> str:
        return f"{self.component} reads a stale snapshot"

    def broken(self, job: TrainingJob, system: System) -> TrainingJob:
        trainer = system[self.component].spec
        assert isinstance(trainer, Trainer), "validation sees to it"
        return replace(job, snapshot=job.snapshot or trainer.rows(system, job))

    def end(self, system: System) -> None:
        if not any(self.sets() == other.sets() for other in system.lasting):
            super().end(system)

    def repaired(self, job: TrainingJob, system: System) -> TrainingJob:
        return replace(job, snapshot=None)
