"""SimPy with the documented order of what happens at one instant (see `mlsim/engine/kernel.py`)."""

import heapq
from collections.abc import Iterable
from typing import Any

import simpy

KINDS = (
    "cancellation",
    "completion",
    "turn",
    "failure",
    "wake",
    "batch due",
    "expiry",
    "reneging",
    "call timeout",
    "timeout",
    "departure",
    "resend",
    "hedge",
    "follow up",
    "arrival",
)
"""What can happen at an instant, in order."""

FOLLOWS = (-1,)
"""Before all of these: what an event brings about at its own instant, first come, first done."""


class Timeline(simpy.Environment):
    """An environment whose simultaneous events happen by kind, and then by whose they are.

    What is triggered (a process begins, or goes on) follows at once, in the order of triggering.
    """

    def schedule(self, event: simpy.Event, priority: object = None, delay: float = 0) -> None:
        heapq.heappush(self._queue, (self._now + delay, FOLLOWS, next(self._eid), event))

    def at(self, time: float, kind: str, whose: Iterable[int], call: Any, *args: Any) -> None:
        """Call `call(*args)` at a time; at one instant in the order of kind and of `whose`."""
        event = simpy.Event(self)
        event._ok, event._value = True, None
        event.callbacks.append(lambda _: call(*args))
        order = (KINDS.index(kind), *whose)
        heapq.heappush(self._queue, (time, order, next(self._eid), event))

    def run_through(self, until: float) -> None:
        """Let all happen up to and including `until`."""
        while self.peek() <= until and self._queue:
            self.step()
