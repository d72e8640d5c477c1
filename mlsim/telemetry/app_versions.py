"""Requests by the version of the app that sent them."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np
from numpy.typing import NDArray

from mlsim.system.base import Deployed
from mlsim.system.requests import RequestBlock
from mlsim.telemetry.folding import count
from mlsim.telemetry.store import SeriesStore


class AppRequests:
    """Counts the requests of one client on a scrape grid, by version and by what became of them.

    outcomes: what can become of a request, in the order of the codes. cells: how many scrapes.
    """

    def __init__(self, client: Deployed, outcomes: Sequence[str], cells: int):
        self._client, self._outcomes, self._cells = client, outcomes, cells
        self._counts: dict[int, NDArray[np.int32]] = {}

    def add(self, block: RequestBlock, interval: float, first: int) -> None:
        """Count the requests of a block at their end."""
        log, version = block.log, self._version(block)
        for number in np.unique(version).astype(np.int64).tolist():
            own = version == number
            counts = self._counts.setdefault(
                number, np.zeros((len(self._outcomes), self._cells), np.int32)
            )
            outcome = log.outcome[own].astype(np.int64)
            count(outcome, log.end[own], interval, first, counts)

    def _version(self, block: RequestBlock) -> NDArray[np.float64]:
        """The number of the version that a request came from, also if no answer came back."""
        name, log = self._client.name, block.log
        version = np.array(block.output(name, f"{name}.version"))
        in_force = self._client.in_force(log.arrival)
        for number in np.unique(in_force[np.isnan(version)]):
            own = np.isnan(version) & (in_force == number)
            settings = self._client.settings[number]
            version[own] = settings.version(block.truth.people[own], log.arrival[own])
        return version

    def write(self, store: SeriesStore, cells: slice, never: AbstractSet[str]) -> None:
        """Add `client_requests_total{client, version, outcome}` to a store of some cells."""
        named = {
            version.number: version.name
            for settings in self._client.settings
            for version in settings.releases
        }
        for number, name in sorted(named.items()):
            counts = self._counts.get(
                number, np.zeros((len(self._outcomes), self._cells), np.int32)
            )
            for outcome, own in zip(self._outcomes, counts, strict=True):
                if outcome not in never:
                    labels = {"client": self._client.name, "version": name, "outcome": outcome}
                    store.add_increments("client_requests_total", labels, increments(own, cells))


def increments(counts: NDArray[np.int32], cells: slice) -> NDArray[np.int64]:
    """What some cells add; the first of them holds all that came before it as well."""
    chosen = counts[cells].astype(np.int64)
    chosen[0] += counts[: cells.start].sum(axis=0, dtype=np.int64)
    return chosen
