"""How a change spreads: at once or little by little, to all or to some."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlsim.engine import draws


@dataclass(frozen=True)
class Spread:
    """A change that begins at `at` and reaches one after another; times in seconds since day 0.

    over: seconds until it has reached all whom it reaches; 0 is at once. share: of all, whom it
    reaches in the end. until: when it is taken back, from all at once. stream: whose draws decide
    who and when; it also tells one change from another.

    >>> spread = Spread(at=10.0, over=0.0, share=1.0, stream=draws.stream(1, "doc"), until=20.0)
    >>> spread.has_reached(np.arange(3), np.array([9.0, 10.0, 20.0]))
    array([False,  True, False])
    """

    at: float
    over: float
    share: float
    stream: np.uint64
    until: float = np.inf

    def progress(self, time: NDArray[np.float64]) -> NDArray[np.float64]:
        """The share that it has reached at each time, of all, float64[n]."""
        lasts = (time >= self.at) & (time < self.until)
        part = np.clip((time - self.at) / self.over, 0.0, 1.0) if self.over > 0 else 1.0
        return np.where(lasts, self.share * part, 0.0)

    def has_reached(self, ids: NDArray[np.int64], time: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of n it has reached, bool[n], each at a time of its own."""
        return draws.uniform(self.stream, ids) < self.progress(time)
