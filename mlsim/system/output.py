"""What a producer sends: each column in the unit of its contract, unless that has changed."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.columns import Column
from mlsim.engine.spread import Spread
from mlsim.system.app_version import AppVersion, in_use, sent_by, sent_where

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
    releases: the versions of an app, in order of time; changes act on what the one in use sends.
    """

    by_person: bool
    changes: tuple[Change, ...] = field(default=())
    releases: tuple[AppVersion, ...] = ()

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

    def with_release(self, version: AppVersion) -> "Output":
        """The same output, with one more version published."""
        releases = sorted((*self.releases, version), key=lambda one: one.at)
        return replace(self, releases=tuple(releases))

    def without_release(self, number: int) -> "Output":
        """The same output, with a version withdrawn: who had it is back at the one before."""
        return replace(self, releases=tuple(v for v in self.releases if v.number != number))

    def version(self, people: NDArray[np.int64], time: NDArray[np.float64]) -> NDArray[np.float64]:
        """The number of the version that n people use, each at a time of their own, float64[n]."""
        numbers = np.array([version.number for version in self.releases], dtype=float)
        return numbers[in_use(self.releases, people, time)]

    def changed(self, column: str, rows: "Inbox") -> NDArray[np.bool_] | bool:
        """In which rows a fault has it that a column is not sent as it should be."""
        reached = sent_where(self.releases, rows, lambda v: v.at_fault and v.changes(column))
        for change in self._changes_of(column):
            reached = reached | self._reached(change, rows)
        return reached

    def unreadable(
        self, column: str, rows: "Inbox", known: Collection[str] = ()
    ) -> NDArray[np.bool_] | bool:
        """In which rows a column is sent in a format that a careful consumer can't parse.

        known: the versions of an app whose formats it knows, by name.
        """
        unreadable = sent_where(
            self.releases, rows, lambda v: column in v.unreadable and v.name not in known
        )
        for change in self._changes_of(column):
            reached = self._reached(change, rows)
            unreadable = unreadable | reached if not change.readable else unreadable & ~reached
        return unreadable

    def _changes_of(self, column: str) -> list[Change]:
        return [change for change in self.changes if change.column == column]

    def _reached(self, change: Change, rows: "Inbox") -> NDArray[np.bool_]:
        by_person = self.by_person and not change.by_row
        return change.spread.has_reached(rows.people if by_person else rows.ids, rows.sent)

    def send(
        self, column: str, values: Column, rows: "Inbox", known: Collection[str] = ()
    ) -> Column:
        """The values of a column as they leave this producer, shape (n,).

        known: the versions of an app whose formats their reader knows, by name.
        """
        sent = values = sent_by(self.releases, column, values, rows, known)
        for change in self._changes_of(column):
            reached = self._reached(change, rows)
            if reached.any():
                sent = np.where(reached, change.alter(values, rows), sent)
        return sent
