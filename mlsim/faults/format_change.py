"""format_change: a producer starts to send a column in a format that consumers can't all parse."""

from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.column import ColumnFault
from mlsim.system.formats import AS_MISREAD, Format
from mlsim.system.output import Alter
from mlsim.system.simulation import System


@fault_kind("format_change")
class FormatChange(ColumnFault):
    """A column is sent in another format. What becomes of it is its consumer's `on_bad` policy.

    `decimal_comma`: 36.6 is sent as "36,6", of which a lenient parser reads 36. `renamed`: it comes
    under another name, so that there is nothing to read. `text`: "36.6 C", which a lenient parser
    still reads rightly, and a careful one doesn't. A consumer that drops or nulls what it can't
    parse makes the loss silent. Source: Kaestner, "dropped data after format changes", and the
    same "between two pipeline steps": the producer may be any component that sends columns.
    """

    readable: ClassVar[bool] = False
    example: ClassVar[str] = """
        kind: format_change
        at: 5d
        ramp: 2d
        component: phone
        column: temperature
        to: decimal_comma
    """

    kind: Literal["format_change"] = "format_change"
    to: Format
    """The format that is sent while the fault lasts."""

    def title(self) -> str:
        how = "under another name" if self.to == "renamed" else f"as {self.to.replace('_', ' ')}"
        return f"{self.component} sends {self.column} {how}"

    def alteration(self, system: System) -> Alter:
        return AS_MISREAD[self.to]
