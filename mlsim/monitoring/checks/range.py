"""range: how many values lie where they can't be right."""

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from mlsim.monitoring.checks.base import ColumnCheck, Counts, Values, check_kind

INSIDE, OUTSIDE = 0, 1


@check_kind("range")
class Range(ColumnCheck):
    """The share of values outside [min, max]; missing values count as outside.

    It needs no data to compare with, only somebody who knows what is plausible.
    """

    width = 2

    example: ClassVar[str] = """
        kind: range
        column: temperature
        min: 34
        max: 43
        every: 15min
        window: 1h
    """

    kind: Literal["range"] = "range"
    min: float
    """Smallest plausible value."""
    max: float
    """Largest plausible value."""

    def bins(self, values: Values, reference: Any) -> NDArray[np.int64]:
        return np.where((values >= self.min) & (values <= self.max), INSIDE, OUTSIDE)

    def statistic(self, counts: Counts, reference: Any) -> Values:
        total = counts.sum(axis=1)
        share = np.full(len(counts), np.nan)
        np.divide(counts[:, OUTSIDE], total, out=share, where=total > 0)
        return share
