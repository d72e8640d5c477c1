"""sign_flip: a column is sent with the wrong sign."""

from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.column import ColumnFault
from mlsim.system.output import Alter
from mlsim.system.simulation import System


@fault_kind("sign_flip")
class SignFlip(ColumnFault):
    """A column is sent with the other sign: west for east, "before" minus "after" the other way.

    Where a column is spread evenly around 0 its distribution stays what it was, and no check of
    one column alone can see it. Source: Kaestner, "wrong feature extraction".
    """

    example: ClassVar[str] = """
        kind: sign_flip
        at: 5d
        component: features
        column: age
    """

    kind: Literal["sign_flip"] = "sign_flip"

    def title(self) -> str:
        return f"{self.component} sends {self.column} with the wrong sign"

    def alteration(self, system: System) -> Alter:
        return lambda values, rows: -values
