"""Who moves: requests, their attempts, and their visits."""

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import simpy

from mlsim.engine.luck import CRASHES_SHIFT, PATHS, SPREAD
from tests.engine.oracle.graph import Join, Step, Stop


@dataclass(eq=False)
class Request:
    """Somebody wants something."""

    id: int
    load: int
    arrival: float
    sent: float = math.nan
    sends: int = 0
    retried: int = 0
    hedged: int = 0
    outcome: str = ""
    tries: "list[Attempt]" = field(default_factory=list)

    @property
    def under_way(self) -> int:
        return sum(attempt.outcome == "" for attempt in self.tries)


@dataclass(eq=False)
class Attempt:
    """One try, a copy that nobody waits for ("aside"), or a branch that its caller waits for.

    The outcome of a branch is "called" while it is under way.
    """

    request: Request
    number: int
    sent: float
    deadline: float = math.inf
    regime: int = 0
    outcome: str = ""
    stamps: dict[str, int] = field(default_factory=dict)
    joined: Counter[Join] = field(default_factory=Counter)
    path: int = 0
    """Tells branches of one caller apart that has been called several times."""
    visits: "list[Visit]" = field(default_factory=list)
    caller: Any = None
    within: Step | None = None


@dataclass(eq=False)
class Token:
    """Where an attempt is; a fork makes more of them. `born`: which was made before which."""

    attempt: Attempt
    born: int
    left: float = 1.0
    """Share of the work of its next visit that a crash has left to do."""
    crashes: int = 0
    """How often its next visit has been made already, and was lost."""
    again: Counter[Stop] = field(default_factory=Counter)
    """How often it has been called again from where."""

    def calls(self, stop: Stop) -> int:
        """How often each layer of callers has called again for a visit, in one number."""
        return sum(self.again[layer] << 7 * (len(layer.layers) - 1) for layer in stop.layers)


@dataclass(eq=False)
class Visit:
    """A token at a component. `over` tells the token what has come of it, with its outcome."""

    token: Token
    born: int
    stop: Stop
    arrival: float
    over: simpy.Event
    state: str = "waiting"
    abandoned: bool = False
    replica: int = -1
    settings: int = -1
    start: float = math.nan
    ends: float = math.nan
    service: float = 0.0
    given: float = 0.0
    left: float = 1.0
    share_left: float = 1.0
    crashes: int = 0
    lane: int = 0
    size: float = 1.0
    unreadable: bool = False
    batch: "Batch | None" = None
    called: bool = False
    key: int = -1
    fate: str = ""
    calls: int = 0

    @property
    def attempt(self) -> Attempt:
        return self.token.attempt

    @property
    def path(self) -> int:
        """Whose visit this is, of all that callers have caused who call again, and crashes."""
        return self.attempt.path * PATHS + self.calls + (self.crashes << CRASHES_SHIFT)

    @property
    def whose(self) -> tuple[int, int, int, int]:
        attempt, number = self.attempt, self.stop.number
        return attempt.request.id, attempt.number, number, wrapped(self.path)

    @property
    def luck(self) -> tuple[int, int]:
        """Whose draws these are."""
        attempt = self.attempt
        number = attempt.number + (self.stop.ordinal << 32) + (self.calls << 41)
        return attempt.request.id, wrapped(number + attempt.path * SPREAD)


def wrapped(number: int) -> int:
    """As an integer of 64 bits."""
    return (number + 2**63) % 2**64 - 2**63


@dataclass(eq=False)
class Batch:
    """Visits that one worker serves at the same time; mostly one."""

    visits: list[Visit]
    replica: int
