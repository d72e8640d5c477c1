"""missing_values: a column is not there in a share of the rows."""

from typing import ClassVar, Literal

import numpy as np

from mlsim.faults.base import fault_kind
from mlsim.faults.families.column import ColumnFault
from mlsim.faults.families.shares import part
from mlsim.system.output import Alter
from mlsim.system.simulation import System


@fault_kind("missing_values")
class MissingValues(ColumnFault):
    """Rows come without the column, each with probability `share`, whoever sends them.

    A model fills in the mean of its training, and answers as if nothing were wrong. Source:
    Kaestner, "dropped data after format changes"; Little and Rubin, Statistical Analysis with
    Missing Data: missing completely at random.
    """

    by_row: ClassVar[bool] = True
    example: ClassVar[str] = """
        kind: missing_values
        at: 5d
        component: phone
        column: temperature
        share: 0.1
    """

    kind: Literal["missing_values"] = "missing_values"

    def title(self) -> str:
        return f"{self.component} sends {part(self.share)} of the rows without {self.column}"

    def alteration(self, system: System) -> Alter:
        return lambda values, rows: np.full(values.shape, np.nan)
