"""Who waits for branches: a fork that goes on with some of them, a worker that calls others."""

from dataclasses import dataclass
from typing import Any

from tests.engine.oracle.graph import Split, Step, stops_of
from tests.engine.oracle.lives import Attempt, Token


@dataclass(eq=False)
class Waiting:
    """Waits for branches of an attempt, each an attempt of its own."""

    net: Any
    token: Token
    path: int

    def begin(self, first: Step) -> None:
        of = self.token.attempt
        child = Attempt(of.request, of.number, of.sent, deadline=of.deadline, outcome="called")
        child.path = self.path
        child.stamps, child.caller, child.within = dict(of.stamps), self, first
        of.request.tries.append(child)
        self.net.go(self.net.token(child), first)

    def bring(self, child: Attempt) -> None:
        """What the branch has met counts from now on."""
        take_over(self.token.attempt, child.stamps, child.within)


def take_over(attempt: Attempt, stamps: dict[str, int], branch: Step) -> None:
    """What was met on a branch, the attempt has met, and nothing else there."""
    for name in stops_of(branch):
        if name in stamps:
            attempt.stamps[name] = stamps[name]
        else:
            attempt.stamps.pop(name, None)


@dataclass(eq=False)
class Some(Waiting):
    """Waits for some of the branches of a split."""

    split: Split
    returned: int = 0
    missed: int = 0

    def back(self, child: Attempt) -> None:
        self.returned += 1
        if self.returned <= self.split.need:
            self.bring(child)
        if self.returned == self.split.need:
            self.net.go(self.net.token(self.token.attempt), self.split.then)
            self.cancel_rest()

    def miss(self, outcome: str) -> None:
        self.missed += 1
        if len(self.split.branches) - self.missed == self.split.need - 1:
            self.cancel_rest()
            self.net.fail(self.token.attempt, outcome)

    def cancel_rest(self) -> None:
        request = self.token.attempt.request
        rest = [a for a in request.tries if a.caller is self and a.outcome == "called"]
        if self.split.cancels and rest:
            for child in rest:
                child.outcome = "cancelled"
            self.net.call_off(request)


@dataclass(eq=False)
class Held(Waiting):
    """A worker waits for what it has called."""

    place: Any
    batch: Any

    def back(self, child: Attempt) -> None:
        (visit,) = self.batch.visits
        if visit.state == "in service" and not visit.abandoned:
            self.bring(child)
        if visit.state == "in service" and self.place.spec.cache:
            self.place.memory.keep(visit.key, self.place.now, dict(child.stamps))
        self.place.answered(self.batch, "")

    def miss(self, outcome: str) -> None:
        self.place.answered(self.batch, outcome)
