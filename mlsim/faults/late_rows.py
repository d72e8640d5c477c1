"""late_rows: rows reach a collector late, and not in the order in which they were sent."""

from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.delivery import DeliveryFault
from mlsim.faults.families.shares import part
from mlsim.scenario.expressions import DurationExpression


@fault_kind("late_rows")
class LateRows(DeliveryFault):
    """A `share` of the rows arrives `delay` late; the requests themselves are answered in time.

    Training at night doesn't have the evening's rows, checks judge them as if they were of now.
    Where the delay is random, rows overtake each other. Source: Akidau et al., The Dataflow Model
    (2015): event time and processing time.
    """

    rows_are: ClassVar[Literal["late", "again"]] = "late"
    example: ClassVar[str] = """
        kind: late_rows
        at: 5d
        component: telemetry
        delay: lognormal(mean=6h, cv=1)
    """

    kind: Literal["late_rows"] = "late_rows"
    delay: DurationExpression
    """How late a row is."""

    def title(self) -> str:
        return f"{part(self.share)} of the rows reach {self.component} late"
