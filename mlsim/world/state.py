"""Quantities and texts that change with what happens in the world."""

import numpy as np

from mlsim.engine.columns import Column, Rows


class Published:
    """A state as a function of time: at each time it is what was published before.

    At the very instant of a change it is still what it was: movement comes before decisions. So
    what is true of a request never depends on when somebody asks for it. Between two changes it is
    constant, or goes on at a constant slope.

    >>> epidemic = Published(0.02)
    >>> epidemic.publish(10.0, 0.03)
    >>> epidemic(Rows(np.arange(3), np.array([9.0, 10.0, 11.0]), {})).tolist()
    [0.02, 0.02, 0.03]
    """

    def __init__(self, start: float | str):
        self.times: list[float] = [-np.inf]
        self.values: list[float | str] = [start]
        self.slopes: list[float] = [0.0]

    def publish(self, time: float, value: float | str, slope: float = 0.0) -> None:
        """It is `value` after `time`, in seconds since day 0, and changes by `slope` per second.

        No change before may be later.
        """
        self.times.append(time)
        self.values.append(value)
        self.slopes.append(slope)

    def __call__(self, rows: Rows) -> Column:
        """What it is at the time of each of n rows, float64[n]; of a text, str[n]."""
        place = np.searchsorted(self.times, rows.time, side="left") - 1
        values = np.asarray(self.values)[place]
        slopes = np.asarray(self.slopes)[place]
        if not slopes.any():
            return values
        since = np.where(slopes == 0, 0.0, rows.time - np.asarray(self.times)[place])
        return np.asarray(values + slopes * np.where(slopes == 0, 0.0, since))

    def between(self, start: float, end: float) -> tuple[float, float]:
        """The least and the greatest that it is from `start` to `end`, as far as is known.

        For numbers that don't flow.
        """
        first, last = np.searchsorted(self.times, [start, end], side="left")
        values = [float(v) for v in self.values[max(int(first) - 1, 0) : int(last)]]
        return min(values), max(values)
