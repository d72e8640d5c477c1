"""Rows that a collector has kept, for those who learn from them."""

from collections.abc import Mapping, Sequence

import numpy as np

from mlsim.engine.columns import Column


class RowStore:
    """Named columns of rows in the order in which they arrived.

    columns: what is kept of each row, besides the time at which it arrived (seconds since day 0).
    """

    def __init__(self, columns: Sequence[str]):
        self.columns = tuple(columns)
        self._blocks: list[dict[str, Column]] = []

    def append(self, time: Column, columns: Mapping[str, Column]) -> None:
        """Keep a block of rows; its times don't lie before those of earlier blocks."""
        self._blocks.append({"time": time, **{name: columns[name] for name in self.columns}})

    def between(self, start: float, end: float) -> dict[str, Column]:
        """All rows that arrived in [start, end), each column in one array."""
        parts = []
        for block in self._blocks:
            first, last = np.searchsorted(block["time"], [start, end])
            parts.append({name: values[first:last] for name, values in block.items()})
        return {
            name: np.concatenate([part[name] for part in parts]) if parts else np.empty(0)
            for name in ("time", *self.columns)
        }

    def forget_before(self, start: float) -> None:
        """Drop blocks that lie before `start` as a whole."""
        self._blocks = [block for block in self._blocks if block["time"][-1] >= start]
