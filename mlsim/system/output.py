"""What a producer sends: each column in the unit of its contract, unless that has changed."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlsim.engine import draws
from mlsim.engine.columns import Column

if TYPE_CHECKING:
    from mlsim.system.base import Inbox


Alter = Callable[[Column, "Inbox"], Column]
"""What becomes of a column's values, float64[n], in rows that a change has reached."""


@dataclass(frozen=True)
class Change:
    """From `at` on, `column` is not sent as its contract says, but as `alter` makes it.

    uptake: seconds until it has reached all whom it reaches, one by one; 0 is at once.
    share: of the senders, whom it reaches in the end. stream: whose draws decide who and when; it
    also tells one change from another. by_row: whether it reaches rows one by one, whoever sends
    them. readable: whether a consumer can parse what is sent, and take it for what it isn't.
    """

    column: str
    at: float
    uptake: float
    share: float
    stream: np.uint64
    alter: Alter
    by_row: bool = False
    readable: bool = True

    def has_reached(
        self, senders: NDArray[np.int64], sent: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Which senders, bool[n], had changed over when they sent."""
        reached = sent >= self.at
        if self.uptake > 0:
            reached = sent >= self.at + self.uptake * draws.uniform(self.stream, senders)
        if self.share < 1:
            reached = reached & (draws.uniform(self.stream, senders, 1) < self.share)
        return reached


@dataclass(frozen=True)
class Output:
    """How a producer sends its columns; of several changes the latest that has reached it wins.

    by_person: whether people change over one by one (an app on their phones), or rows do.
    """

    by_person: bool
    changes: tuple[Change, ...] = field(default=())

    @property
    def output(self) -> "Output":
        """Itself: for a component whose only settings are what it sends."""
        return self

    def with_output(self, output: "Output") -> "Output":
        """The other output, likewise."""
        return output

    def with_change(self, change: Change) -> "Output":
        """The same output, with one more change published."""
        return replace(self, changes=(*self.changes, change))

    def without_change(self, stream: np.uint64) -> "Output":
        """The same output, with the change of that stream taken back."""
        return replace(self, changes=tuple(c for c in self.changes if c.stream != stream))

    def changed(self, column: str, rows: "Inbox") -> NDArray[np.bool_] | bool:
        """In which rows a column is not sent as its contract says."""
        reached: NDArray[np.bool_] | bool = False
        for change in self._changes_of(column):
            reached = reached | self._reached(change, rows)
        return reached

    def unreadable(self, column: str, rows: "Inbox") -> NDArray[np.bool_] | bool:
        """In which rows a column is sent in a format that a careful consumer can't parse."""
        unreadable: NDArray[np.bool_] | bool = False
        for change in self._changes_of(column):
            reached = self._reached(change, rows)
            unreadable = unreadable | reached if not change.readable else unreadable & ~reached
        return unreadable

    def _changes_of(self, column: str) -> list[Change]:
        return [change for change in self.changes if change.column == column]

    def _reached(self, change: Change, rows: "Inbox") -> NDArray[np.bool_]:
        by_person = self.by_person and not change.by_row
        return change.has_reached(rows.people if by_person else rows.ids, rows.sent)

    def send(self, column: str, values: Column, rows: "Inbox") -> Column:
        """The values of a column as they leave this producer, shape (n,)."""
        sent = values
        for change in self._changes_of(column):
            reached = self._reached(change, rows)
            if reached.any():
                sent = np.where(reached, change.alter(values, rows), sent)
        return sent
