"""What faults of batch jobs have in common: the store is written late, wrongly or not at all."""

from typing import ClassVar

from mlsim.faults.families.component import SettingsFault
from mlsim.scenario.units import Name
from mlsim.system.base import Component
from mlsim.system.batch_job import BatchJob, Job
from mlsim.system.simulation import System


class BatchFault(SettingsFault):
    """Something is wrong with a batch job; what it has written stays until its next run."""

    needs: ClassVar[str] = "a batch_job"

    component: Name
    """The batch job."""

    @staticmethod
    def fits(spec: Component) -> bool:
        return isinstance(spec, BatchJob)

    def broken(self, job: Job, system: System) -> Job:
        """The job with the fault."""
        raise NotImplementedError

    def repaired(self, job: Job, system: System) -> Job:
        """The job without it."""
        raise NotImplementedError

    def job(self, system: System) -> BatchJob:
        """The job, as the scenario describes it."""
        spec = system[self.component].spec
        assert isinstance(spec, BatchJob), "validation sees to it"
        return spec
