"""Training rows as one model learns from them, and how a training job goes about it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.columns import Column, Formula, Rows
from mlsim.world.people import Truth


class TrueColumns(Mapping[str, Column]):
    """What was true of n rows that may have come from several loads; NaN for what a row lacks.

    truths: for each load the truth of its rows. places: int64[n], the load of each row.
    """

    def __init__(self, truths: Mapping[int, Truth], places: NDArray[np.int64]):
        self._truths, self._places = truths, places

    def __getitem__(self, name: str) -> Column:
        if name not in list(self):
            raise KeyError(name)
        values = np.full(self._places.size, np.nan)
        for load, truth in self._truths.items():
            if name in list(truth):
                values[self._places == load] = truth[name]
        return values

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for truth in self._truths.values() for name in truth))

    def __len__(self) -> int:
        return len(list(iter(self)))


@dataclass(frozen=True)
class Sample:
    """n rows for one model, each under the number of its request, in order of time.

    time: when they were reported, seconds since day 0. inputs: as they reached the model.
    label: bool[n], as it came in. touched: in which a fault has had its hand. truth: of all rows,
    also of those that are no longer `among` the sample. spoilt: whether rows are missing that
    should be there, or are there that should not.
    """

    request: NDArray[np.int64]
    time: NDArray[np.float64]
    inputs: Mapping[str, Column]
    label: NDArray[np.bool_]
    touched: NDArray[np.bool_]
    truth: TrueColumns
    among: NDArray[np.intp]
    spoilt: bool = False

    def where(self, chosen: NDArray[np.bool_]) -> "Sample":
        """Only these rows, bool[n]."""
        return replace(
            self,
            request=self.request[chosen],
            time=self.time[chosen],
            inputs={name: column[chosen] for name, column in self.inputs.items()},
            label=self.label[chosen],
            touched=self.touched[chosen],
            among=self.among[chosen],
        )

    def lacking(self, missing: NDArray[np.bool_]) -> "Sample":
        """Without these rows, bool[n], that should be there."""
        if not missing.any():
            return self
        return replace(self.where(~missing), spoilt=True)

    def with_input(self, name: str, values: Column) -> "Sample":
        """The same rows with other values in an input; those that differ are touched."""
        old = self.inputs[name]
        differs = (old != values) & ~(np.isnan(old) & np.isnan(values))
        return replace(self, inputs={**self.inputs, name: values}, touched=self.touched | differs)

    def visible(self) -> Rows:
        """These rows as a formula sees them: inputs as they are here, all else as it was true."""
        return Rows(self.request, self.time, _Seen(self))


class _Seen(Mapping[str, Column]):
    """The columns of a sample by name."""

    def __init__(self, sample: Sample):
        self._sample = sample

    def __getitem__(self, name: str) -> Column:
        if name in self._sample.inputs:
            return self._sample.inputs[name]
        return self._sample.truth[name][self._sample.among]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._sample.inputs, **dict.fromkeys(self._sample.truth)})

    def __len__(self) -> int:
        return len(list(iter(self)))


Edit = Callable[[Sample], Sample]
"""Something that becomes of the rows on their way from the store into the training."""


@dataclass(frozen=True)
class TrainingJob:
    """How a trainer works now: as its model says, unless something has changed it.

    runs: whether it is started when its time has come. late_by: seconds by which it begins too
    late. learner, parameters: used instead of the model's. leaves_out: inputs that it doesn't use.
    code: formulas of features that it makes anew, where they are not the scenario's. snapshot: the
    rows that it reads instead of the latest. edits: what becomes of the rows, by the name of who
    did it.
    """

    runs: bool = True
    late_by: float = 0.0
    learner: str | None = None
    parameters: Mapping[str, Any] | None = None
    leaves_out: tuple[str, ...] = ()
    code: Mapping[str, Formula] = field(default_factory=dict)
    snapshot: Sample | None = None
    edits: Mapping[str, Edit] = field(default_factory=dict)

    @property
    def touched(self) -> bool:
        """Whether all that it makes is otherwise than its scenario says."""
        other_code = self.learner is not None or self.parameters is not None or self.leaves_out
        return bool(other_code or self.code) or self.snapshot is not None or self.late_by > 0

    def reads(self, inputs: Iterable[str]) -> tuple[int, ...]:
        """Which of a model's inputs it uses, by their place."""
        return tuple(k for k, name in enumerate(inputs) if name not in self.leaves_out)

    def edited(self, sample: Sample) -> Sample:
        """The rows as they reach the training."""
        for edit in self.edits.values():
            sample = edit(sample)
        return sample

    def with_edit(self, called: str, edit: Edit) -> "TrainingJob":
        """The same job, with one more thing that becomes of its rows."""
        return replace(self, edits={**self.edits, called: edit})

    def without_edit(self, called: str) -> "TrainingJob":
        """The same job, without that."""
        return replace(self, edits={n: e for n, e in self.edits.items() if n != called})
