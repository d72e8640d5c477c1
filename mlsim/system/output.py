"""What a producer sends: each column in the unit of its contract, unless that has changed."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.columns import Column
from mlsim.engine.spread import Spread

if TYPE_CHECKING:
    from mlsim.system.base import Inbox


Alter = Callable[[Column, "Inbox"], Column]
"""What becomes of a column's values, float64[n], in rows that a change has reached."""


@dataclass(frozen=True)
class Change:
    """`column` is not sent as its contract says, but as `alter` makes it, by whom it has reached.

    spread: whom it reaches, and when. by_row: whether it reaches rows one by one, whoever sends
    them. readable: whether a consumer can parse what is sent, and take it for what it isn't.
    """

    column: str
    spread: Spread
    alter: Alter
    by_row: bool = False
    readable: bool = True


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
        return replace(self, changes=tuple(c for c in self.changes if c.spread.stream != stream))

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
        return change.spread.has_reached(rows.people if by_person else rows.ids, rows.sent)

    def send(self, column: str, values: Column, rows: "Inbox") -> Column:
        """The values of a column as they leave this producer, shape (n,)."""
        sent = values
        for change in self._changes_of(column):
            reached = self._reached(change, rows)
            if reached.any():
                sent = np.where(reached, change.alter(values, rows), sent)
        return sent
