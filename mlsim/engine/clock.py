"""SimPy decides, the network moves: one clock for both."""

import math
from typing import Any

import simpy
from simpy.events import Event, EventPriority

from mlsim.engine.network import Network

LAST = EventPriority(2)
"""A priority after SimPy's own, 0 and 1."""


class Clock(simpy.Environment):
    """A SimPy environment that moves `network` to the time of each of its events first.

    So a process meets the exact state of its own instant, and may change it. Movement up to and
    including t comes first, then decisions at t; what a decision sets off at t (failures of a
    crash, a line woken by a restart) has moved before the next decision, of the same instant too.
    Processes that change nothing therefore never change a result.

    network: moved by this clock; time begins at its `now`, which may be negative (history).
    """

    def __init__(self, network: Network) -> None:
        super().__init__(initial_time=network.now)
        self.network = network

    def step(self) -> None:
        """Move the network to SimPy's next event, then process that event."""
        time = self.peek()
        if time < math.inf:
            self.network.advance(time)
        super().step()

    def last_at(self, time: float) -> Event:
        """An event at `time`, after all else that is decided at that instant.

        Who waits for it looks at what the others have made of the instant.
        """
        return _Afterthought(self, time - self.now)

    def run(self, until: float | Event | None = None) -> Any:
        """Run as SimPy does; without `until`, until nobody decides and nothing moves any more."""
        value = super().run(until)
        if until is None:
            self.network.advance(math.inf)
            self._now = self.network.now
        return value


class _Afterthought(Event):
    """A timeout whose turn comes when all others of its instant have had theirs."""

    def __init__(self, clock: Clock, delay: float) -> None:
        super().__init__(clock)
        self._ok, self._value = True, None
        clock.schedule(self, LAST, delay)
