"""constant_feature: a column stands still."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from mlsim.faults.base import fault_kind
from mlsim.faults.families.column import ColumnFault
from mlsim.system.output import Alter
from mlsim.system.simulation import System


@fault_kind("constant_feature")
class ConstantFeature(ColumnFault):
    """Whatever is true, the column is sent as one `value`: a stuck sensor, a cache never refreshed.

    The value is a plausible one, so every row passes a check of its range; only the column as a
    whole gives it away. Source: Kaestner, "wrong feature extraction"; Breck et al., The ML Test
    Score (2017).
    """

    example: ClassVar[str] = """
        kind: constant_feature
        at: 5d
        component: phone
        column: temperature
        value: 36.6
    """

    kind: Literal["constant_feature"] = "constant_feature"
    value: float = Field(allow_inf_nan=False)
    """Where it is stuck."""

    def title(self) -> str:
        return f"{self.component} sends {self.column} as {self.value:g} whatever it is"

    def alteration(self, system: System) -> Alter:
        return lambda values, rows: np.full(values.shape, self.value)
