"""stale_store: a feature store is no longer refreshed, or refreshed with what is old."""

from dataclasses import replace
from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.batch import BatchFault
from mlsim.system.batch_job import Job
from mlsim.system.simulation import System


@fault_kind("stale_store")
class StaleStore(BatchFault):
    """The batch job is no longer started, or writes the snapshot of the fault's beginning again.

    Lookups succeed as before. While the job is stopped, the store's age grows; an old snapshot that
    is written again is young to everybody who asks for its age. Source: Kaestner, "stale snapshot
    or wrong data source".
    """

    example: ClassVar[str] = """
        kind: stale_store
        at: 5d
        until: 12d
        component: nightly_habits
        writes: old_snapshot
    """

    kind: Literal["stale_store"] = "stale_store"
    writes: Literal["nothing", "old_snapshot"] = "nothing"
    """`nothing`: the job isn't started. `old_snapshot`: it writes again what was in the store."""

    def title(self) -> str:
        if self.writes == "nothing":
            return f"{self.component} is not started"
        return f"{self.component} writes an old snapshot"

    def broken(self, job: Job, system: System) -> Job:
        if self.writes == "nothing":
            return replace(job, runs=False)
        return replace(job, writes=system[self.job(system).store].current.snapshot)

    def repaired(self, job: Job, system: System) -> Job:
        return replace(job, runs=True, writes=None)
