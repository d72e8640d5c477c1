"""Sojourn times of a whole run, finely binned: quantiles to half a percent, in a few kilobytes."""

import numpy as np
from numpy.typing import NDArray

from mlsim.telemetry.folding import NANOSECONDS

SHORTEST, LONGEST = 1e-6, 1e8
"""Seconds; what is shorter counts as 0, what is longer as the longest."""
RATIO = 1.01
"""Width of a bin: from one edge to the next."""
BINS = int(np.ceil(np.log(LONGEST / SHORTEST) / np.log(RATIO))) + 1


class Sojourns:
    """Counts durations, in seconds, of each of `rows` things."""

    def __init__(self, rows: int):
        self._counts = np.zeros((rows, BINS), np.int64)
        self._nanoseconds = np.zeros(rows, np.int64)

    def add(self, row: NDArray[np.int64], seconds: NDArray[np.float64]) -> None:
        """Count one duration for each row number."""
        np.add.at(self._nanoseconds, row, (seconds * NANOSECONDS + 0.5).astype(np.int64))
        steps = np.log(np.clip(seconds, SHORTEST, LONGEST) / SHORTEST) / np.log(RATIO)
        cell = row * BINS + np.ceil(steps).astype(np.int64)
        self._counts += np.bincount(cell, minlength=self._counts.size).reshape(self._counts.shape)

    def mean(self, row: int) -> float:
        """The mean in seconds; NaN if nothing was counted."""
        total = int(self._counts[row].sum())
        return float(self._nanoseconds[row] / NANOSECONDS / total) if total else float("nan")

    def quantile(self, row: int, q: float) -> float:
        """A quantile in seconds: the middle of its bin; NaN if nothing was counted.

        >>> some = Sojourns(1)
        >>> some.add(np.zeros(1000, np.int64), np.linspace(0.001, 1.0, 1000))
        >>> round(some.quantile(0, 0.95), 2)
        0.95
        """
        reached = np.cumsum(self._counts[row])
        if reached[-1] == 0:
            return float("nan")
        cell = int(np.searchsorted(reached, q * reached[-1]))
        return 0.0 if cell == 0 else float(SHORTEST * RATIO ** (cell - 0.5))

    def figures(self, row: int) -> dict[str, float | None]:
        """Mean and quantiles in seconds, as summaries name them; None if nothing was counted."""
        found = {"mean_s": self.mean(row)}
        found |= {f"p{p}_s": self.quantile(row, p / 100) for p in (50, 95, 99)}
        return {name: None if value != value else value for name, value in found.items()}
