"""Whether features keep what they promise: requirements over time, judged while states change."""

import math
from dataclasses import dataclass
from typing import Literal

from mlsim.scenario.features import Requirement
from mlsim.world.straight import Look, Straight, holds

Status = Literal["kept", "broken", "open", "not asked"]


@dataclass(frozen=True)
class Verdict:
    """What became of a requirement.

    status: `kept`; `broken`; `open`, where the horizon came before the end of its time; `not
    asked`, where what it counts from never happened. at: when it was broken, in seconds since
    day 0; inf otherwise.
    """

    status: Status
    at: float = math.inf

    @property
    def is_broken(self) -> bool:
        """Whether the promise was broken."""
        return self.status == "broken"


class Promise:
    """A requirement while a world runs.

    what: the condition. after: what it counts from; None for day 0.
    """

    def __init__(self, requirement: Requirement, what: Straight, after: Straight | None):
        self._what, self._after = what, after
        self._mode = requirement.mode
        self._within = math.inf if requirement.within is None else requirement.within
        self._began = False
        self._is_on = False
        self._since: float | None = None if after else 0.0
        self._broken = math.inf
        self._open = False

    def hear(self, look: Look) -> None:
        """See whether what it counts from has become true, if only for an instant."""
        if self._after is None:
            return
        before, self._is_on = self._is_on, holds(self._after(look))
        if self._is_on and not before and (self._since is None or self._mode != "eventually"):
            self._since = look.time

    def look(self, look: Look) -> None:
        """Judge an instant at which everybody has done what they had to."""
        is_so = holds(self._what(look))
        if self._since is None or self._broken < math.inf:
            return
        self._began = True
        late = look.time > (self._since + self._within) * (1.0 + 1e-9)
        if self._mode == "eventually":
            if late:
                self._broken = self._since + self._within
            elif is_so:
                self._since = None
        elif not late and is_so == (self._mode == "never"):
            self._broken = look.time

    def verdict(self, horizon: float) -> Verdict:
        """What became of it up to the horizon, in seconds."""
        if self._broken < math.inf:
            return Verdict("broken", self._broken)
        if not self._began:
            return Verdict("not asked")
        if self._since is None:
            return Verdict("kept")
        end = self._since + self._within
        if horizon < end < math.inf:
            return Verdict("open")
        if self._mode == "eventually":
            return Verdict("broken", min(end, horizon))
        return Verdict("kept")
