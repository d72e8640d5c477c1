"""duplicated_rows: rows reach a collector twice."""

from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.delivery import DeliveryFault
from mlsim.faults.families.shares import part


@fault_kind("duplicated_rows")
class DuplicatedRows(DeliveryFault):
    """A `share` of the rows is delivered once more, `delay` after it came first.

    Delivery at least once, when acknowledgements get lost: nobody looks for the row's id. Training
    learns such rows twice, checks count them twice. Source: Kreps, Narkhede and Rao, Kafka (2011),
    on at-least-once delivery.
    """

    rows_are: ClassVar[Literal["late", "again"]] = "again"
    example: ClassVar[str] = """
        kind: duplicated_rows
        at: 5d
        component: telemetry
        share: 0.3
        delay: exponential(mean=1min)
    """

    kind: Literal["duplicated_rows"] = "duplicated_rows"

    def title(self) -> str:
        return f"{part(self.share)} of the rows reach {self.component} twice"
