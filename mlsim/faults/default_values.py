"""default_values: a default is sent where a value should be."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from mlsim.faults.base import fault_kind
from mlsim.faults.families.column import ColumnFault
from mlsim.faults.families.shares import part
from mlsim.system.output import Alter
from mlsim.system.simulation import System


@fault_kind("default_values")
class DefaultValues(ColumnFault):
    """In a `share` of the rows a well-meant default is sent instead of the value.

    0, -1 or 1970 look like values; nothing is missing, and counts of missing values stay at 0.
    Source: Kaestner, "null and default values"; Breck et al., Data Validation for Machine Learning
    (2019).
    """

    by_row: ClassVar[bool] = True
    example: ClassVar[str] = """
        kind: default_values
        at: 5d
        component: phone
        column: temperature
        value: 0
        share: 0.2
    """

    kind: Literal["default_values"] = "default_values"
    value: float = Field(allow_inf_nan=False)
    """What is sent instead."""

    def title(self) -> str:
        rows = f"{part(self.share)} of the rows"
        return f"{self.component} sends {self.value:g} as {self.column} in {rows}"

    def alteration(self, system: System) -> Alter:
        return lambda values, rows: np.full(values.shape, self.value)
