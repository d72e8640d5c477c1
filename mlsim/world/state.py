"""Quantities that change step by step with what people do and are told."""

import numpy as np

from mlsim.engine.columns import Column, Rows


class Published:
    """A quantity as a step function of time: at each time it is what was published before.

    At the very instant of a step it is still what it was: movement comes before decisions. So what
    is true of a request never depends on when somebody asks for it.

    >>> epidemic = Published(0.02)
    >>> epidemic.publish(10.0, 0.03)
    >>> epidemic(Rows(np.arange(3), np.array([9.0, 10.0, 11.0]), {})).tolist()
    [0.02, 0.02, 0.03]
    """

    def __init__(self, start: float):
        self.times, self.values = [-np.inf], [start]

    def publish(self, time: float, value: float) -> None:
        """It is `value` after `time`, in seconds since day 0: later than all before."""
        self.times.append(time)
        self.values.append(value)

    def __call__(self, rows: Rows) -> Column:
        """What it is at the time of each of n rows, float64[n]."""
        place = np.searchsorted(self.times, rows.time, side="left") - 1
        return np.asarray(self.values)[place]

    def between(self, start: float, end: float) -> tuple[float, float]:
        """The least and the greatest that it is from `start` to `end`, as far as is known."""
        first, last = np.searchsorted(self.times, [start, end], side="left")
        values = self.values[max(int(first) - 1, 0) : int(last)]
        return min(values), max(values)
