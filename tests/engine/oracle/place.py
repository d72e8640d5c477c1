"""A station: a line, workers on replicas, and what becomes of visits there."""

import math
from typing import Any

from mlsim.engine.draws import Distribution, quantile, stream, uniform_at
from mlsim.engine.parts import Station
from tests.engine.oracle.branches import Held
from tests.engine.oracle.lives import Batch, Visit

COUNTED = [
    "arrived",
    "started",
    "served",
    "rejected",
    "lost",
    "failed",
    "expired",
    "timed_out",
    "cancelled",
]


class Place:
    """net: the whole. index: place among the stations; orders their events at one instant."""

    def __init__(self, net: Any, index: int, spec: Station) -> None:
        self.net, self.index, self.spec = net, index, spec
        self.line: list[Visit] = []
        self.batches: list[Batch] = []
        self.workers = spec.workers or math.inf
        self.up = [True] * spec.replicas
        self.scale = spec.replicas
        self.busy = [0] * spec.replicas
        self.slowness = [1.0] * spec.replicas
        self.service, self.failing, self.is_open = spec.service, spec.error_rate, True
        self.count = dict.fromkeys(COUNTED, 0)
        self.calls = 0
        self.key = stream(net.seed, f"service/{spec.name}")
        self.failing_key = stream(net.seed, f"failing/{spec.name}")

    @property
    def now(self) -> float:
        return self.net.time

    def at(self, time: float, kind: str, whose: Any, call: Any, *args: Any) -> None:
        self.net.line_of_time.at(time, kind, whose, call, *args)

    # --- workers ---

    def room(self, replica: int) -> float:
        return self.workers if self.up[replica] and replica < self.scale else 0

    def idle(self) -> list[int]:
        """Replicas with an idle worker, the lowest first."""
        return [r for r, busy in enumerate(self.busy) if busy < self.room(r)]

    def refit(self) -> None:
        """Replicas have come or gone; who waits may be served, as an event of its own."""
        if self.idle() and self.line:
            self.at(self.net.now, "wake", (0, 0, self.index), self.serve)

    def leave_worker(self, replica: int) -> None:
        """A worker takes the next in line, unless its replica is on its way out."""
        self.busy[replica] -= 1
        if self.busy[replica] < self.room(replica):
            self.serve()

    # --- the way in ---

    def enter(self, visit: Visit) -> str:
        """The outcome, if there is one at once, else nothing."""
        self.count["arrived"] += 1
        forms_batch = self.spec.batch > 1 and bool(self.idle())
        if not self.is_open:
            return self.turn_away(visit, "rejected")
        if visit.attempt.deadline <= self.now:
            self.turn_away(visit, "expired")
            return "too late"
        if self.idle() and not self.line and self.spec.batch == 1:
            if self.takes_no_time() and not visit.stop.calls:
                return self.pass_through(visit)
            self.call(visit)
            self.begin([visit])
            return ""
        limit = self.spec.queue_limit
        if limit is not None and len(self.line) >= limit and not forms_batch:
            return self.turn_away(visit, "rejected")
        self.call(visit)
        self.stand_in_line(visit)
        if forms_batch:
            self.serve()
        return ""

    def takes_no_time(self) -> bool:
        nothing = self.service.distribution == Distribution.CONSTANT and self.service.a == 0.0
        return nothing and self.workers == math.inf

    def turn_away(self, visit: Visit, outcome: str) -> str:
        """No service begins, or none would be of use."""
        visit.start, visit.replica, visit.settings = self.now, -1, -1
        return self.close(visit, outcome)

    def pass_through(self, visit: Visit) -> str:
        self.take(visit, self.idle()[0])
        return self.close(visit, "failed" if self.fails(visit) else "served")

    def call(self, visit: Visit) -> None:
        """Whoever calls waits for so long; calls of one station time out in the order made."""
        if self.spec.timeout < math.inf:
            self.calls += 1
            due, whose = visit.arrival + self.spec.timeout, (self.index, self.calls)
            self.at(due, "call timeout", whose, self.time_out, visit)

    def stand_in_line(self, visit: Visit) -> None:
        self.line.append(visit)
        whose = (0, 0, self.index)
        if self.spec.patience < math.inf:
            self.at(visit.arrival + self.spec.patience, "expiry", whose, self.expire, visit)
        if self.spec.batch > 1:
            self.at(visit.arrival + self.spec.batch_wait, "batch due", whose, self.serve)

    # --- service ---

    def serve(self) -> None:
        """Idle workers take from the head of the line, one each or a batch each."""
        while self.idle() and self.line:
            if self.spec.batch > 1:
                due = self.line[0].arrival + self.spec.batch_wait
                if len(self.line) < self.spec.batch and self.now < due:
                    return
                self.serve_batch()
            elif self.line[0].attempt.deadline <= self.now:
                # Those behind have an event of their own, after what this one brings about.
                late = self.line.pop(0)
                self.turn_away(late, "expired")
                self.net.too_late(late.attempt)
                self.at(self.now, "wake", (0, 0, self.index), self.serve)
                return
            else:
                self.begin([self.line.pop(0)])

    def serve_batch(self) -> None:
        batch: list[Visit] = []
        while self.line and len(batch) < self.spec.batch:
            visit = self.line.pop(0)
            if visit.attempt.deadline <= self.now:
                self.turn_away(visit, "expired")
                self.net.too_late(visit.attempt)
            else:
                batch.append(visit)
        if batch:
            self.begin(batch)

    def begin(self, visits: list[Visit]) -> None:
        """One worker serves these; the first stands for all, with its draw and its name."""
        first, batch = visits[0], Batch(visits, self.idle()[0])
        for visit in visits:
            self.take(visit, batch.replica)
            visit.state, visit.batch = "in service", batch
        self.busy[batch.replica] += 1
        self.batches.append(batch)
        service = self.draw(first) + (len(visits) - 1) * self.spec.per_item
        ends = self.now + service * self.slowness[batch.replica]
        self.at(ends, "completion", first.whose, self.complete, batch)

    def take(self, visit: Visit, replica: int) -> None:
        self.count["started"] += 1
        visit.start, visit.replica = self.now, replica
        visit.settings = self.net.settings[self.spec.name]
        if not visit.abandoned:
            visit.attempt.stamps[self.spec.name] = visit.settings

    def draw(self, visit: Visit) -> float:
        service, u = self.service, uniform_at(self.key, *visit.luck)
        return max(0.0, quantile(int(service.distribution), service.a, service.b, u))

    def fails(self, visit: Visit) -> bool:
        if self.failing > 0.0 and uniform_at(self.failing_key, *visit.luck) < self.failing:
            return True
        steering, name = self.net.steering, self.spec.name
        if steering is None or name not in steering.checked:
            return False
        return self.net.answer(name, visit.attempt) == 1

    def complete(self, batch: Batch) -> None:
        """A worker has finished, if it is still at it."""
        if batch in self.batches:
            first = batch.visits[0]
            if first.stop.calls and not first.called and not self.fails(first):
                first.called = True
                Held(self.net, first.token, self, batch).begin(first.stop.calls)
                return
            self.batches.remove(batch)
            for visit in batch.visits:
                if visit.state == "in service":
                    self.conclude(visit)
            self.leave_worker(batch.replica)

    def answered(self, batch: Batch, outcome: str) -> None:
        """What a worker has called is over, so its own work is, at this instant."""
        first = batch.visits[0]
        first.fate = outcome
        self.at(self.net.time, "completion", first.whose, self.complete, batch)

    def conclude(self, visit: Visit) -> None:
        """Who called goes on first, then what is sent aside."""
        in_vain = visit.fate if visit.called else self.fails(visit)
        outcome = "failed" if in_vain else "served"
        self.close(visit, "timed_out" if visit.abandoned else outcome)
        if visit.abandoned:
            return
        if outcome == "served":
            visit.over.succeed("served")
            self.net.start_asides(visit.attempt, visit.stop)
        else:
            self.give_up(visit, visit.fate or "failed")

    def close(self, visit: Visit, outcome: str) -> str:
        """What became of a visit is counted, and written down."""
        visit.state = "over"
        self.count[outcome] += 1
        self.net.log_visit(visit, outcome)
        return outcome

    # --- what comes between ---

    def give_up(self, visit: Visit, outcome: str) -> None:
        """Whoever called goes on without the visit, or fails."""
        if visit.abandoned:
            return
        visit.abandoned = True
        if self.spec.optional:
            visit.attempt.stamps.pop(self.spec.name, None)
            visit.token.born = self.net.next_birth()
            visit.over.succeed("gap")
        else:
            self.net.fail(visit.attempt, outcome)

    def time_out(self, visit: Visit) -> None:
        if visit.state in ("waiting", "in service"):
            self.give_up(visit, "timed_out")

    def expire(self, visit: Visit) -> None:
        if visit.state == "waiting":
            self.line.remove(visit)
            self.turn_away(visit, "expired")
            self.give_up(visit, "rejected")

    def cancel(self, visit: Visit) -> None:
        if visit.state == "waiting":
            self.line.remove(visit)
            self.turn_away(visit, "cancelled")
            return
        self.close(visit, "cancelled")
        if self.spec.batch == 1:  # else the rest of its batch goes on, and so does the worker
            self.batches.remove(visit.batch)
            self.leave_worker(visit.replica)

    def crash(self, replica: int) -> None:
        """All in service there are lost, one by one; they know it at this instant."""
        self.up[replica] = False
        for batch in [batch for batch in self.batches if batch.replica == replica]:
            self.batches.remove(batch)
            for visit in batch.visits:
                if visit.state == "in service":
                    visit.state = "doomed"
                    self.at(self.net.now, "failure", visit.whose, self.lose, visit)
        self.busy[replica] = 0
        self.refit()

    def lose(self, visit: Visit) -> None:
        self.close(visit, "lost")
        self.give_up(visit, "failed")

    def restart(self, replica: int) -> None:
        self.up[replica] = True
        self.refit()

    def rescale(self, replicas: int) -> None:
        self.scale = replicas
        more = max(0, replicas - len(self.up))
        self.up += [True] * more
        self.busy += [0] * more
        self.slowness += [1.0] * more
        self.refit()
