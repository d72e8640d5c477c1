"""What every check on data is: it sorts rows into bins and turns a window's counts into one number.

A check sees the rows that reached a collector, and no others. Only counts are kept, a few for each
evaluation, so a check costs little memory however many rows there are.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mlsim.engine.columns import Column
from mlsim.errors import nearest
from mlsim.scenario.kinds import Mistake, Spec, register
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Duration, Name, When, duration_text
from mlsim.system.collector import Collector
from mlsim.system.columns_check import unreadable

Counts = NDArray[np.int64]
Values = NDArray[np.float64]
K = TypeVar("K", bound="type[Check]")


def check_kind(name: str) -> Callable[[K], K]:
    """Make a class of check known to the monitoring language as `kind: <name>`."""
    return register("check", name)


class Arrivals(Protocol):
    """When rows arrived, float64[n] in seconds."""

    @property
    def end(self) -> Values: ...


class ReceivedRows(Protocol):
    """n rows that reached a collector: as a system is running, or as a run has recorded them."""

    @property
    def log(self) -> Arrivals:
        """When they arrived."""

    def at(self, reader: str, column: str) -> Column:
        """A column as it reached the collector `reader`."""

    def label_of(self, model: str) -> str:
        """The true column that a model is there to find out."""

    def reported(self, label: str) -> Column:
        """The label of each row as it comes in, where it does."""

    def known_at(self, label: str) -> Values:
        """When the label of each row becomes known, in seconds; inf for never."""


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

    def columns(self) -> dict[str, str]:
        """The columns that it needs to see, by the key that names them."""
        raise NotImplementedError

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from self._reference_problems(scenario)
        collectors = [n for n, spec in scenario.system.items() if isinstance(spec, Collector)]
        if not collectors:
            yield (), "needs rows to look at, and the scenario has no collector", ""
        elif self.source is None and len(collectors) > 1:
            yield (), f"needs a source: one of {', '.join(collectors)}", ""
        elif self.source is not None and self.source not in collectors:
            message = f"no collector '{self.source}' in the scenario's system"
            yield ("source",), message, nearest(self.source, collectors)
        else:
            places = [((key,), column) for key, column in self.columns().items()]
            yield from unreadable(scenario, self.source or collectors[0], places)

    def _reference_problems(self, scenario: Scenario) -> Iterator[Mistake]:
        if self.reference is None:
            return
        start, end = self.reference
        first = start if "reference" in self.model_fields_set else end
        if start >= end:
            yield ("reference",), "must go from an earlier to a later time", ""
        elif first < -scenario.history or end == -scenario.history:
            message = "must not lie before the scenario's history, which lasts "
            yield ("reference",), message + duration_text(scenario.history), ""

    def see(self, block: ReceivedRows, collector: str) -> tuple[Values, Values]:
        """When, in seconds, it learns what from a block of rows: float64[n], float64[n, ...]."""
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

    def columns(self) -> dict[str, str]:
        return {"column": self.column}

    def see(self, block: ReceivedRows, collector: str) -> tuple[Values, Values]:
        values = np.asarray(block.at(collector, self.column), dtype=float)
        return block.log.end, values
