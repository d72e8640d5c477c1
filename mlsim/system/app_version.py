"""Versions of an app at work: who has which, and what it makes of the columns that it sends."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.columns import Column, Formula, Rows

if TYPE_CHECKING:
    from mlsim.system.base import Inbox
    from mlsim.system.output import Alter


@dataclass(frozen=True)
class AppVersion:
    """One version of an app, published `at` a time in seconds since day 0.

    number: its own for good, from 0. adoption: seconds until a person installs it; None for a
    version that everybody has from the beginning. code: how it makes columns; formats: how it
    writes them. unreadable: those that a careful parser of the old format can't read.
    at_fault: whether it is the work of a fault.
    """

    name: str
    number: int
    at: float = -np.inf
    adoption: Formula | None = None
    code: Mapping[str, Formula] = field(default_factory=dict)
    formats: "Mapping[str, Alter]" = field(default_factory=dict)
    unreadable: frozenset[str] = frozenset()
    at_fault: bool = False

    def installed(self, people: NDArray[np.int64], time: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Who of n people has installed it, or a later one over it, by a time of their own."""
        if self.adoption is None:
            return time >= self.at
        published = np.full(people.shape, self.at)
        delay = np.maximum(self.adoption(Rows(people, published, {})), 0.0)
        return np.asarray(time >= self.at + delay)

    def changes(self, column: str) -> bool:
        """Whether it sends a column otherwise than its contract says."""
        return column in self.code or column in self.formats

    def send(self, column: str, values: Column, rows: "Inbox", known: bool) -> Column:
        """A column as this version sends it to who reads its formats rightly, or doesn't."""
        if column in self.code:
            values = np.asarray(self.code[column](rows.visible()), dtype=float)
        return values if known or column not in self.formats else self.formats[column](values, rows)


def in_use(
    versions: Sequence[AppVersion], people: NDArray[np.int64], time: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Which version n people use, each at a time of their own, by its place: the latest they have.

    versions: in order of time; the first is everybody's from the beginning.
    """
    latest = np.zeros(people.shape, np.int64)
    for place, version in enumerate(versions):
        latest[version.installed(people, time)] = place
    return latest


def sent_by(
    versions: Sequence[AppVersion],
    column: str,
    values: Column,
    rows: "Inbox",
    known: Collection[str],
) -> Column:
    """A column as the versions in use send it, to who knows the formats of some of them."""
    if not any(version.changes(column) for version in versions):
        return values
    sent, place = values, in_use(versions, rows.people, rows.sent)
    for k, version in enumerate(versions):
        own = place == k
        if version.changes(column) and own.any():
            sent = np.where(own, version.send(column, values, rows, version.name in known), sent)
    return sent


def sent_where(
    versions: Sequence[AppVersion], rows: "Inbox", which: Callable[[AppVersion], bool]
) -> NDArray[np.bool_] | bool:
    """Which rows are sent by versions of which something is true, bool[n]."""
    marked = np.array([which(version) for version in versions], bool)
    return marked[in_use(versions, rows.people, rows.sent)] if marked.any() else False
