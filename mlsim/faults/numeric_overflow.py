"""numeric_overflow: a column no longer fits into the integers that carry it."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from mlsim.engine.columns import Column
from mlsim.faults.base import fault_kind
from mlsim.faults.families.column import ColumnFault
from mlsim.system.base import Inbox
from mlsim.system.output import Alter
from mlsim.system.simulation import System


@fault_kind("numeric_overflow")
class NumericOverflow(ColumnFault):
    """A column is carried in signed integers of `bits`: what is too large wraps around, or is cut.

    Small values pass unharmed, so that it goes unnoticed until values grow. Values are carried in
    steps of `step`, as fixed-point numbers are, and rounded to it. Source: the Ariane 501 inquiry
    (1996), where a 16-bit integer could not hold a horizontal velocity.
    """

    example: ClassVar[str] = """
        kind: numeric_overflow
        at: 5d
        component: features
        column: cough_rate
        bits: 4
    """

    kind: Literal["numeric_overflow"] = "numeric_overflow"
    bits: int = Field(ge=2, le=52)
    """Size of the integers, with their sign."""
    step: float = Field(1.0, gt=0, allow_inf_nan=False)
    """What one step of the integer means, in the column's unit."""
    mode: Literal["wraps", "saturates"] = "wraps"
    """What becomes of a value that is too large: it comes out at the other end, or is cut."""

    def title(self) -> str:
        return f"{self.component} sends {self.column} in {self.bits} bits"

    def alteration(self, system: System) -> Alter:
        half = 2.0 ** (self.bits - 1)

        def carried(values: Column, rows: Inbox) -> Column:
            steps = np.rint(values / self.step)
            if self.mode == "wraps":
                steps = np.mod(steps + half, 2 * half) - half
            return np.asarray(np.clip(steps, -half, half - 1) * self.step)

        return carried
