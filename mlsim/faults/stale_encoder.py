"""stale_encoder: category codes have moved, and the encoder of one side is the old one."""

from typing import ClassVar, Literal

import numpy as np

from mlsim.faults.base import fault_kind
from mlsim.faults.families.column import ColumnFault
from mlsim.system.output import Alter
from mlsim.system.simulation import System


@fault_kind("stale_encoder")
class StaleEncoder(ColumnFault):
    """A category was put into the list from which codes are counted; those after it moved up by 1.

    Who still decodes with the old list takes each of them for the next one. Every code that
    arrives is a known one but the last. Source: Kaestner, "wrong feature extraction".
    """

    example: ClassVar[str] = """
        kind: stale_encoder
        at: 5d
        component: phone
        column: no_smell
        inserted_at: 1
    """

    kind: Literal["stale_encoder"] = "stale_encoder"
    inserted_at: int = 0
    """The code that the new category was given; it and all after it are one higher."""

    def title(self) -> str:
        return f"{self.component} encodes {self.column} by another list"

    def alteration(self, system: System) -> Alter:
        return lambda values, rows: np.where(values >= self.inserted_at, values + 1, values)
