"""late_job: a training job starts later than it should, since something before it takes long."""

from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.lateness import Lateness
from mlsim.faults.families.training import TrainerFault


@fault_kind("late_job")
class LateJob(Lateness, TrainerFault):
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
