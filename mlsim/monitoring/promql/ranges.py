"""Functions of a range: from the samples of a window to one value per series and step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlsim.monitoring.promql import over_time, rates
from mlsim.monitoring.promql.selectors import Windows
from mlsim.monitoring.promql.vector import Floats, Mask, Vector


@dataclass(frozen=True)
class RangeFunction:
    """One function, how many samples it needs, and whether its result is still of that metric."""

    compute: Callable[[Windows], Floats]
    least: int = 1
    keeps_name: bool = False

    def __call__(self, blocks: Sequence[Windows], steps: int) -> Vector:
        vector = Vector.joined((self._of_block(block) for block in blocks), steps)
        return vector if self.keeps_name else vector.without_name()

    def _of_block(self, windows: Windows) -> Vector:
        enough = windows.count >= self.least
        values = np.full((len(windows.labels), enough.size), np.nan)
        if enough.any():
            values[:, enough] = self.compute(_at(windows, enough))
        return Vector.of(windows.labels, values, np.broadcast_to(enough, values.shape))


def _at(windows: Windows, steps: Mask) -> Windows:
    names = ("step", "first", "last", "left", "right")
    return replace(windows, **{name: getattr(windows, name)[steps] for name in names})


def quantile_over_time(quantile: Floats) -> RangeFunction:
    """`quantile_over_time` with its first argument, float64[S], filled in."""
    return RangeFunction(lambda w: over_time.quantile_over_time(quantile[w.step], w))


RANGE_FUNCTIONS: dict[str, RangeFunction] = {
    "rate": RangeFunction(rates.rate, least=2),
    "increase": RangeFunction(rates.increase, least=2),
    "avg_over_time": RangeFunction(over_time.avg_over_time),
    "count_over_time": RangeFunction(over_time.count_over_time),
    "last_over_time": RangeFunction(over_time.last_over_time, keeps_name=True),
    "max_over_time": RangeFunction(over_time.max_over_time),
    "min_over_time": RangeFunction(over_time.min_over_time),
    "present_over_time": RangeFunction(over_time.present_over_time),
    "stddev_over_time": RangeFunction(over_time.stddev_over_time),
    "stdvar_over_time": RangeFunction(over_time.stdvar_over_time),
    "sum_over_time": RangeFunction(over_time.sum_over_time),
}
