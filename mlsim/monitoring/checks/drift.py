"""drift: how far the distribution of a column has moved from what it was."""

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from mlsim.monitoring.checks.base import ColumnCheck, Counts, Values, check_kind
from mlsim.monitoring.stability import Deciles, deciles_of, stability_index
from mlsim.scenario.units import Duration, When


@check_kind("drift")
class Drift(ColumnCheck):
    """The population stability index between a window and a reference, over the reference's
    deciles.

    sum over the bins of (p - q) * ln(p / q), with p the window's shares and q the reference's; an
    empty bin counts as half a row, and missing values not at all. Folk wisdom calls 0.1 a small
    and 0.2 or 0.25 a large shift.
    Source: Siddiqi, Credit Risk Scorecards (2006); its false alarms on small windows: Yurdakul and
    Naranjo, Statistical properties of the population stability index (2020).
    """

    width = 10

    example: ClassVar[str] = """
        kind: drift
        column: risk_model.score
        reference: [0d, 2d]
        every: 1h
        window: 6h
    """

    kind: Literal["drift"] = "drift"
    reference: tuple[When, When] = (-7 * 86400.0, 0.0)
    """From when to when the rows came with which a window is compared, counted from day 0."""
    window: Duration = 6 * 3600.0
    """Time that an evaluation looks back; whole multiples of `every`, rounded up."""

    def learn(self, reference: Values) -> Deciles:
        return deciles_of(reference)

    def bins(self, values: Values, reference: Any) -> NDArray[np.int64]:
        return np.where(np.isnan(values), -1, np.searchsorted(reference.edges, values, side="left"))

    def statistic(self, counts: Counts, reference: Any) -> Values:
        return stability_index(counts, reference.shares)
