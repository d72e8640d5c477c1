"""What faults of batch jobs have in common: the store is written late, wrongly or not at all."""

from collections.abc import Iterable

from mlsim.errors import nearest
from mlsim.faults.base import Fault
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Name
from mlsim.system.batch_job import BatchJob, Job
from mlsim.system.simulation import System


class BatchFault(Fault):
    """Something is wrong with a batch job; what it has written stays until its next run."""

    component: Name
    """The batch job."""

    def broken(self, job: Job, system: System) -> Job:
        """The job with the fault."""
        raise NotImplementedError

    def repaired(self, job: Job) -> Job:
        """The job without it."""
        raise NotImplementedError

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        jobs = [n for n, spec in scenario.system.items() if isinstance(spec, BatchJob)]
        if self.component not in jobs:
            message = f"no batch_job '{self.component}' in system"
            yield ("component",), message, nearest(self.component, jobs)

    def job(self, system: System) -> BatchJob:
        """The job, as the scenario describes it."""
        spec = system[self.component].spec
        assert isinstance(spec, BatchJob), "validation sees to it"
        return spec

    def begin(self, system: System) -> None:
        job = system[self.component]
        job.change(self.broken(job.current, system))

    def end(self, system: System) -> None:
        job = system[self.component]
        job.change(self.repaired(job.current))
