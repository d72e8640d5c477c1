"""Restraint: what clients don't send, as a circuit breaker or a retry budget keeps them from it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.network import Requests
from mlsim.system.base import Component
from mlsim.system.client import Client
from mlsim.system.settled import OUTCOMES
from mlsim.telemetry.folding import count

LEFT_ALONE = [OUTCOMES.index(outcome) for outcome in ("ok", "abandoned")]
"""Ends of requests after which there was nothing to try again."""


class Restraint:
    """Requests that were not sent, or not as often as their client would have tried; and hedges.

    senders: where requests begin, by their numbers; only clients have limits. unsent, denied:
    int32[senders, cells] of the scrape grid, requests by when they ended: of which nothing was sent
    at all; unanswered ones that were sent, and had retries left. hedges: attempts of that sort.
    """

    def __init__(self, senders: Sequence[Component], cells: int):
        self._senders = senders
        self._most = np.array([_attempts(sender) for sender in senders])
        self.unsent, self.denied, self.hedges = np.zeros((3, len(senders), cells), np.int32)

    def add(self, client: NDArray[np.int64], log: Requests, interval: float, first: int) -> None:
        """Count requests that have ended."""
        unsent = log.attempts == 0
        unanswered = ~unsent & ~np.isin(log.outcome, LEFT_ALONE)
        denied = unanswered & (log.attempts - log.hedges < self._most[client])
        hedges = np.repeat(np.arange(client.size), log.hedges)
        for which, counts in ((unsent, self.unsent), (denied, self.denied), (hedges, self.hedges)):
            count(client[which], log.end[which], interval, first, counts)

    def figures(self, client: int, cells: NDArray[np.bool_]) -> dict[str, Any]:
        """What a client's row in a summary tells: hedges, unsent, denied, and by what (denied_by).

        None where the client has no such thing.
        """
        spec = self._senders[client]
        assert isinstance(spec, Client), "others have no row of this sort"
        limits = {"breaker": spec.breaker, "budget": spec.retries.budget}
        there = [name for name, limit in limits.items() if limit is not None]
        tells = there and spec.retries.max
        return {
            "hedges": int(self.hedges[client, cells].sum()) if spec.hedge else None,
            "unsent": int(self.unsent[client, cells].sum()) if spec.breaker else None,
            "denied": int(self.denied[client, cells].sum()) if tells else None,
            "denied_by": " or ".join(there) if tells else None,
        }


def _attempts(sender: Component) -> int:
    """How many times it tries at most, hedges aside."""
    return 1 + sender.retries.max if isinstance(sender, Client) else 1
