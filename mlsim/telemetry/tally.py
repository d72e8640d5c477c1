"""Tallies: how many events came out how, and how long they took, by cell of the scrape grid."""

import math
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.network import Client as ClientStation
from mlsim.engine.network import Station
from mlsim.scenario.flow_steps import Parallel, Steps
from mlsim.telemetry.app_versions import increments
from mlsim.telemetry.folding import BUCKETS, NANOSECONDS, count, count_durations
from mlsim.telemetry.store import SeriesStore

Times = NDArray[np.float64]


class Tally:
    """Events and durations of one kind of thing (components, clients) on a scrape grid.

    names: of the things; outcomes: what can become of an event. never: what can't, by name; no
    series is written of it. counts: int32[names x outcomes,
    cells]; buckets: int32[names, cells, 12]; sums: int64[names, cells] in nanoseconds.
    """

    def __init__(
        self,
        names: list[str],
        outcomes: tuple[str, ...],
        cells: int,
        never: Mapping[str, AbstractSet[str]],
    ):
        self.names, self.outcomes, self.never = names, outcomes, never
        self.counts = np.zeros((len(names) * len(outcomes), cells), np.int32)
        self.buckets = np.zeros((len(names), cells, BUCKETS.size + 1), np.int32)
        self.sums = np.zeros((len(names), cells), np.int64)

    def add(
        self,
        who: NDArray[np.int64],
        outcome: NDArray[np.int32],
        start: Times,
        end: Times,
        interval: float,
        first: int,
    ) -> None:
        """Count events at their end."""
        count(who * len(self.outcomes) + outcome, end, interval, first, self.counts)
        count_durations(who, start, end, interval, first, self.buckets, self.sums)

    def ended(self, name: int, cells: NDArray[np.bool_]) -> dict[str, int]:
        """How many events of a thing, by its number, came out how in some cells."""
        of = len(self.outcomes) * name
        counts = self.counts[of : of + len(self.outcomes), cells].sum(axis=1)
        return dict(zip(self.outcomes, counts.tolist(), strict=True))

    def write_counts(
        self, store: SeriesStore, cells: slice, label: str, counter: str, but: Collection[str] = ()
    ) -> None:
        """Add `counter{label, outcome}` to a store of some cells, of all things `but` some."""
        for i, name in enumerate(self.names):
            if name in but:
                continue
            for j, outcome in enumerate(self.outcomes):
                if outcome in self.never[name]:
                    continue
                counts = increments(self.counts[i * len(self.outcomes) + j], cells)
                store.add_increments(counter, {label: name, "outcome": outcome}, counts)

    def write_durations(self, store: SeriesStore, cells: slice, label: str, histogram: str) -> None:
        """Add `histogram{label}` to a store of some cells."""
        for i, name in enumerate(self.names):
            buckets, seconds = increments(self.buckets[i], cells), self.sums[i] / NANOSECONDS
            # In the order in which the whole is added up: a sum of sums would have other bits.
            sums = np.append(np.cumsum(seconds[: cells.start + 1])[-1], seconds[cells][1:])
            store.add_histogram(histogram, {label: name}, BUCKETS.tolist(), buckets, sums)


def impossible(
    place: Station | ClientStation, clients: Iterable[ClientStation], cancels: bool
) -> AbstractSet[str]:
    """The outcomes that nothing can have at a station, or as a client sees it."""
    if isinstance(place, ClientStation):
        can = {"abandoned": place.patience != math.inf, "fallback": place.falls_back}
    else:
        impatient = place.patience != math.inf or any(client.deadline for client in clients)
        can = {
            "expired": impatient,
            "timed_out": place.timeout < math.inf,
            "cancelled": cancels or any(client.cancels for client in clients),
        }
    return {outcome for outcome, happens in can.items() if not happens}


def cancels_branches(steps: Steps) -> bool:
    """Whether branches in some steps of the flow are cancelled when enough others have ended."""
    return any(
        (isinstance(step, Parallel) and step.cancels)
        or any(map(cancels_branches, getattr(step, "branches", ())))
        for step in steps
    )
