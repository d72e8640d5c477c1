"""A world that changes: from some time on, something else is true of those who come."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.columns import Column, Rows
from mlsim.engine.spread import Spread

Become = Callable[[Column, Rows], Column]
"""What becomes of n true values of the rows."""


@dataclass(frozen=True)
class Alteration:
    """Another truth in one column, for requests that arrive while it lasts.

    smoothly: whether the values of all move together from what was to what `becomes` (a driver),
    or requests change over one by one.
    """

    spread: Spread
    becomes: Become
    smoothly: bool = False

    def __call__(self, values: Column, rows: Rows) -> Column:
        """The true values, float64[n], of rows whose time is their arrival."""
        reached = self._reached(rows)
        if not np.any(reached):
            return values
        other = self.becomes(values, rows)
        if self.smoothly:
            return (1.0 - reached) * values + reached * other
        return np.where(reached, other, values)

    def _reached(self, rows: Rows) -> NDArray[np.bool_] | NDArray[np.float64]:
        if self.smoothly:
            return self.spread.progress(rows.time)
        return self.spread.has_reached(rows.ids, rows.time)

    def ending(self, now: float) -> "Alteration":
        """The same alteration, over for those who arrive from `now` on (seconds since day 0)."""
        return replace(self, spread=replace(self.spread, until=now))
