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

EQUAL = ("cancellation", "turn", "wake", "batch due", "expiry", "reneging")
"""What may happen twice at an instant under one name, in the order in which it was foreseen: it is
the same again, or concerns who stands in a list. Of all else each has a name of its own."""

FOLLOWS = (-1,)
"""Before all of these: what an event brings about at its own instant, first come, first done."""


class Timeline(simpy.Environment):
    """An environment whose simultaneous events happen by kind, and then by whose they are.

    What is triggered (a process begins, or goes on) follows at once, in the order of triggering.
    """

    def __init__(self, start: float) -> None:
        super().__init__(start)
        self.to_come: set[tuple[Any, ...]] = set()

    def schedule(self, event: simpy.Event, priority: object = None, delay: float = 0) -> None:
        heapq.heappush(self._queue, (self._now + delay, FOLLOWS, next(self._eid), event))

    def at(self, time: float, kind: str, whose: Iterable[int], call: Any, *args: Any) -> None:
        """Call `call(*args)` at a time; at one instant in the order of kind and of `whose`."""
        event = simpy.Event(self)
        event._ok, event._value = True, None
        order = (KINDS.index(kind), *whose)
        if kind not in EQUAL:
            assert (time, order) not in self.to_come, f"{kind} of {whose}, twice at {time}"
            self.to_come.add((time, order))
            event.callbacks.append(lambda _: self.to_come.remove((time, order)))
        event.callbacks.append(lambda _: call(*args))
        heapq.heappush(self._queue, (time, order, next(self._eid), event))

    def run_through(self, until: float) -> None:
        """Let all happen up to and including `until`."""
        while self.peek() <= until and self._queue:
            self.step()
