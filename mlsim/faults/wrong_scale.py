"""wrong_scale: a column is sent too large or too small by a factor."""

from typing import ClassVar, Literal

from pydantic import Field

from mlsim.faults.base import fault_kind
from mlsim.faults.families.column import ColumnFault
from mlsim.system.output import Alter
from mlsim.system.simulation import System


@fault_kind("wrong_scale")
class WrongScale(ColumnFault):
    """A column is sent multiplied by `factor`: cents for euros, per cent for shares.

    The number parses, so that no consumer refuses it. Source: Kaestner, "wrong feature extraction";
    Sculley et al., Hidden Technical Debt in Machine Learning Systems (2015), on plain-old-data
    types that don't say what they are.
    """

    example: ClassVar[str] = """
        kind: wrong_scale
        at: 5d
        component: phone
        column: cough_rate
        factor: 100
    """

    kind: Literal["wrong_scale"] = "wrong_scale"
    factor: float = Field(allow_inf_nan=False)
    """What the values are multiplied by."""

    def title(self) -> str:
        return f"{self.component} sends {self.column} times {self.factor:g}"

    def alteration(self, system: System) -> Alter:
        return lambda values, rows: values * self.factor
