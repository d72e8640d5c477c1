"""The value of a PromQL expression at many instants at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from mlsim.monitoring.promql.errors import PromqlError
from mlsim.telemetry.labels import METRIC_NAME, Labels, series_text

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Vector:
    """An instant vector at each of S steps.

    labels: of the n series, each once, sorted: sums then have one order whatever was selected.
    values: float64[n, S]; meaningless where not present.
    present: bool[n, S], whether the series has a value at the step.
    """

    labels: Sequence[Labels]
    values: Floats
    present: Mask

    @classmethod
    def of(cls, labels: Sequence[Labels], values: Floats, present: Mask) -> Self:
        """A vector from rows in any order; rows of one label set become one series.

        Raises: PromqlError where two rows of one label set are present at the same step.
        """
        rows_of: dict[Labels, list[int]] = defaultdict(list)
        for row in np.flatnonzero(present.any(axis=1)).tolist():
            rows_of[labels[row]].append(row)
        unique = sorted(rows_of)
        for key in unique:
            if len(rows_of[key]) > 1:
                values, present = _merged(key, rows_of[key], values, present)
        first = [rows_of[key][0] for key in unique]
        return cls(unique, values[first], present[first])

    @classmethod
    def joined(cls, parts: Iterable[Self], steps: int) -> Self:
        """One vector of the rows of several."""
        rows = [part for part in parts if part.labels]
        if not rows:
            return cls([], np.empty((0, steps)), np.empty((0, steps), dtype=np.bool_))
        labels = [label for part in rows for label in part.labels]
        values = np.concatenate([part.values for part in rows])
        return cls.of(labels, values, np.concatenate([part.present for part in rows]))

    def without_name(self) -> "Vector":
        """The same values as a result of arithmetic has them: no longer of that metric."""
        return Vector.of([drop(labels) for labels in self.labels], self.values, self.present)


def _merged(key: Labels, rows: list[int], values: Floats, present: Mask) -> tuple[Floats, Mask]:
    if (present[rows].sum(axis=0) > 1).any():
        raise PromqlError(
            f"vector cannot contain metrics with the same labelset {series_text(key)}"
        )
    values, present = values.copy(), present.copy()
    for row in rows[1:]:
        values[rows[0], present[row]] = values[row, present[row]]
        present[rows[0]] |= present[row]
    return values, present


def drop(labels: Labels, names: Collection[str] = ()) -> Labels:
    """`labels` without the metric's name and without `names`."""
    return tuple(pair for pair in labels if pair[0] != METRIC_NAME and pair[0] not in names)


def keep(labels: Labels, names: Collection[str]) -> Labels:
    """Those of `labels` that are named in `names`."""
    return tuple(pair for pair in labels if pair[0] in names)
