"""late_batch: a batch job starts later than it should."""

from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.batch import BatchFault
from mlsim.faults.families.lateness import Lateness


@fault_kind("late_batch")
class LateBatch(Lateness, BatchFault):
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
