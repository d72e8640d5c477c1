"""What a producer sends: each column in the unit of its contract, unless that has changed."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlsim.engine import draws
from mlsim.engine.columns import Column

if TYPE_CHECKING:
    from mlsim.system.base import Inbox


@dataclass(frozen=True)
class FormatChange:
    """From `at` on, and by all after `uptake` seconds, `column` is sent as x*scale + offset.

    stream: whose draw decides when in the uptake a sender changes over; it also tells one change
    from another. An uptake of 0 is at once.
    """

    column: str
    scale: float
    offset: float
    at: float
    uptake: float
    stream: np.uint64

    def has_reached(
        self, senders: NDArray[np.int64], sent: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Which senders, bool[n], had changed over when they sent."""
        if self.uptake == 0:
            return sent >= self.at
        return sent >= self.at + self.uptake * draws.uniform(self.stream, senders)


@dataclass(frozen=True)
class Output:
    """The formats in which a producer sends; a later change wins over an earlier one.

    by_person: whether people change over one by one (an app on their phones), or rows do.
    """

    by_person: bool
    changes: tuple[FormatChange, ...] = field(default=())

    @property
    def output(self) -> "Output":
        """Itself: for a component whose only settings are what it sends."""
        return self

    def with_output(self, output: "Output") -> "Output":
        """The other output, likewise."""
        return output

    def with_change(self, change: FormatChange) -> "Output":
        """The same output, with one more change published."""
        return replace(self, changes=(*self.changes, change))

    def without_change(self, stream: np.uint64) -> "Output":
        """The same output, with the change of that stream taken back."""
        return replace(self, changes=tuple(c for c in self.changes if c.stream != stream))

    def changed(self, column: str, rows: "Inbox") -> NDArray[np.bool_] | bool:
        """In which rows a column is not sent as its contract says."""
        reached: NDArray[np.bool_] | bool = False
        for change in self.changes:
            if change.column == column:
                reached = reached | change.has_reached(self._senders(rows), rows.sent)
        return reached

    def _senders(self, rows: "Inbox") -> NDArray[np.int64]:
        return rows.people if self.by_person else rows.ids

    def send(self, column: str, values: Column, rows: "Inbox") -> Column:
        """The values of a column as they leave this producer, shape (n,)."""
        sent = values
        for change in self.changes:
            if change.column == column:
                reached = change.has_reached(self._senders(rows), rows.sent)
                sent = np.where(reached, values * change.scale + change.offset, sent)
        return sent
