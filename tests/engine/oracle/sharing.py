"""A replica that serves all its requests at once: each the slower, the more they are."""

import math
import sys
from typing import Any

from tests.engine.oracle.lives import Visit


class Sharing:
    """How far a replica has come with each that it has, and whose turn it is to end.

    It looks again at the time at which the next might end, as foreseen when somebody came or went.
    """

    def __init__(self, place: Any, replica: int) -> None:
        self.place, self.replica = place, replica
        self.visits: dict[Visit, float] = {}
        self.progress = self.given = self.updated = 0.0
        self.due = math.inf

    def pace(self) -> float:
        """Seconds of service per second, for each."""
        return self.share() / self.place.slowness[self.replica]

    def share(self) -> float:
        """Workers that each has."""
        return min(1.0, self.place.spec.workers / self.place.busy[self.replica])

    def at_progress(self, now: float) -> float:
        return self.progress + (now - self.updated) * self.pace()

    def catch_up(self, now: float) -> None:
        """Before anybody comes or goes."""
        is_busy = self.place.busy[self.replica] > 0
        self.progress = self.at_progress(now) if is_busy else 0.0
        self.given = self.at_given(now) if is_busy else 0.0
        self.updated = now

    def at_given(self, now: float) -> float:
        """Seconds of workers that each has got who has been there from the beginning."""
        return self.given + (now - self.updated) * self.share()

    def join(self, visit: Visit, service: float) -> None:
        self.visits[visit] = self.progress + service
        visit.given = self.given
        self.plan(self.place.now)

    def plan(self, now: float) -> None:
        if self.visits and (due := self.next_end(now)) < self.due:
            self.due = due
            whose = (self.replica, 0, self.place.index)
            self.place.at(due, "turn", whose, self.look)

    def next_end(self, now: float) -> float:
        left = max(0.0, self.visits[self.first()] - self.progress)
        return now + left / self.pace()

    def first(self) -> Visit:
        return min(self.visits, key=lambda visit: (self.visits[visit], visit.whose))

    def look(self) -> None:
        """The next might end; if it isn't so far yet, it is looked at again."""
        now = self.place.now
        if self.due != now:
            return
        self.due = math.inf
        if not self.visits:
            return
        self.catch_up(now)
        if self.next_end(now) <= now:
            visit = self.first()
            del self.visits[visit]
            self.place.batches.remove(visit.batch)
            self.place.conclude(visit)
            self.place.leave_worker(self.replica)
        self.plan(now)

    def crash(self, now: float) -> dict[Visit, float]:
        """All are gone; gives the share of their service that is still to do."""
        self.catch_up(now)
        shares = {
            visit: (mark - self.progress) / max(visit.service, sys.float_info.min)
            for visit, mark in self.visits.items()
        }
        self.visits, self.due = {}, math.inf
        return shares

    def set_slowness(self, now: float, factor: float) -> None:
        self.catch_up(now)
        self.place.slowness[self.replica] = factor
        self.plan(now)
