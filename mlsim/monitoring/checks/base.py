"""What every check on data is: it sorts rows into bins and turns a window's counts into one number.

A check sees the rows that reached a collector, and no others. Only counts are kept, a few for each
evaluation, so a check costs little memory however many rows there are.
"""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mlsim.scenario.kinds import Spec, register
from mlsim.scenario.units import Duration, Name, When
from mlsim.system.requests import RequestBlock

Counts = NDArray[np.int64]
Values = NDArray[np.float64]
K = TypeVar("K", bound="type[Check]")


def check_kind(name: str) -> Callable[[K], K]:
    """Make a class of check known to the monitoring language as `kind: <name>`."""
    return register("check", name)


class Check(Spec):
    """A test of the rows that reach a collector, done every so often."""

    width: ClassVar[int]
    """Into how many bins it sorts."""

    kind: str
    """Its name in the language."""
    source: Name | None = None
    """The collector; needed only where there are several."""
    every: Duration = Field(900.0, gt=0)
    """Time between two evaluations."""
    window: Duration = Field(3600.0, gt=0)
    """Time that an evaluation looks back; whole multiples of `every`, rounded up."""

    reference: tuple[When, When] | None = None
    """From when to when the rows came that it compares with, counted from day 0."""

    @property
    def about(self) -> str:
        """What it looks at, for the label `column` of its metric."""
        raise NotImplementedError

    def see(self, block: RequestBlock, collector: str) -> tuple[Values, Values]:
        """What it learns from a block of rows, and when, in seconds: float64[n] and float64[n, ...]."""
        raise NotImplementedError

    def learn(self, reference: Values) -> Any:
        """What is kept of the rows of the reference, float64[n] without missing values."""
        return None

    def bins(self, values: Values, reference: Any) -> NDArray[np.int64]:
        """The bin of each value, integers[n] from 0 to width - 1; -1 for one that doesn't count."""
        raise NotImplementedError

    def statistic(self, counts: Counts, reference: Any) -> Values:
        """The check's number for each window; counts: [windows, width]. NaN where it can't tell."""
        raise NotImplementedError


class ColumnCheck(Check):
    """A check of one column, as each row arrives."""

    column: str
    """What it looks at, as the collector receives it: a feature, or `<model>.score`."""

    @property
    def about(self) -> str:
        return self.column

    def see(self, block: RequestBlock, collector: str) -> tuple[Values, Values]:
        values = np.asarray(block.at(collector, self.column), dtype=float)
        return block.log.end, values
