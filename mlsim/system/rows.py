"""Rows that collectors have received, for those who learn from them."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from mlsim.engine.columns import Column


class RowStore:
    """Named columns of rows in the order in which they arrived.

    columns: what is kept of each row, besides the `time` at which it arrived (seconds since day 0).
    """

    def __init__(self, columns: Sequence[str]):
        self.columns = tuple(columns)
        self._blocks: list[dict[str, Column]] = []

    def append(self, time: Column, columns: Mapping[str, Column]) -> None:
        """Keep a block of rows; its times don't lie before those of earlier blocks."""
        if time.size:
            self._blocks.append({"time": time, **{name: columns[name] for name in self.columns}})

    def between(self, start: float, end: float, names: Iterable[str]) -> dict[str, Column]:
        """The named columns of all rows that arrived in [start, end), each in one array."""
        cuts = [np.searchsorted(block["time"], [start, end]) for block in self._blocks]
        return {
            name: _joined([b[name][i:j] for b, (i, j) in zip(self._blocks, cuts, strict=True)])
            for name in names
        }

    def replace(self, name: str, compute: Callable[[Mapping[str, Column]], Column]) -> None:
        """Put new values for a column, computed from the others of each block."""
        for block in self._blocks:
            if name in block:
                block[name] = compute(block)

    def forget_before(self, start: float) -> None:
        """Drop blocks that lie before `start` as a whole."""
        self._blocks = [block for block in self._blocks if block["time"][-1] >= start]


def _joined(parts: Sequence[Column]) -> Column:
    return np.concatenate(parts) if parts else np.empty(0)
