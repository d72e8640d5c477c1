"""distribution: how far a column is from the distribution that its contract expects."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.columns import Formula, Rows
from mlsim.monitoring.checks.base import ColumnCheck, Counts, Values, check_kind
from mlsim.monitoring.stability import Deciles, deciles_of, stability_index
from mlsim.scenario.expressions import NumberExpression, names, random_calls
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario

DRAWS = 1 << 17
"""Numbers from which the expected deciles are read: exact to about a thousandth of the rows."""


@check_kind("distribution")
class Distribution(ColumnCheck):
    """The population stability index between a window and what the column's contract expects.

    As `drift`, but against a distribution that somebody has stated and not against earlier rows: it
    tells what has been wrong from the first day on, and what was right changes nothing. Missing
    values don't count. Source: Breck et al., Data Validation for Machine Learning (2019), on
    schemas with expected distributions.
    """

    width = 10

    example: ClassVar[str] = """
        kind: distribution
        column: temperature
        expected: normal(36.7 + 1.1 * bernoulli(0.2), 0.4)
        every: 1h
        window: 6h
    """

    kind: Literal["distribution"] = "distribution"
    expected: NumberExpression
    """The distribution, as random functions of the scenario language make it."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        for used in names(self.expected):
            yield ("expected",), f"must not depend on a column, as on {used}", ""
        if not names(self.expected) and not random_calls(self.expected):
            yield ("expected",), "must be a distribution such as normal(37, 0.5)", ""

    @cached_property
    def _deciles(self) -> Deciles:
        ids = np.arange(DRAWS)
        made = Formula(self.expected, 0, "distribution")(Rows(ids, np.zeros(DRAWS), {}))
        return deciles_of(np.asarray(made, dtype=float))

    def bins(self, values: Values, reference: Any) -> NDArray[np.int64]:
        place = np.searchsorted(self._deciles.edges, values, side="left")
        return np.where(np.isnan(values), -1, place)

    def statistic(self, counts: Counts, reference: Any) -> Values:
        return stability_index(counts, self._deciles.shares)
