"""A station: a line, workers on replicas, and what becomes of visits there."""

import math
from collections import Counter
from functools import partial
from typing import Any

import numpy as np

from mlsim.engine.draws import Distribution, quantile, stream, uniform_at
from mlsim.engine.parts import AfterCrash, Balancing, Station
from mlsim.engine.routes import Cut, Trait
from tests.engine.oracle.branches import Held, take_over
from tests.engine.oracle.line import Line
from tests.engine.oracle.lives import Batch, Visit
from tests.engine.oracle.memory import HIT, MISS, Memory
from tests.engine.oracle.sharing import Sharing

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
        everybody = list(range(spec.replicas))
        shared = spec.balancing is None
        self.lines = [Line(everybody)] if shared else [Line([r], r) for r in everybody]
        self.turn = -1
        self.batches: list[Batch] = []
        self.workers = (spec.at_once if spec.sharing else spec.workers) or math.inf
        self.shares = [Sharing(self, r) for r in everybody] if spec.sharing else []
        self.up = [True] * spec.replicas
        self.drains: set[int] = set()
        self.scale = spec.replicas
        self.busy = [0] * spec.replicas
        self.slowness = [1.0] * spec.replicas
        self.cold = [0] * spec.replicas
        self.permits, self.filled = spec.burst, self.now
        self.service, self.failing, self.is_open = spec.service, spec.error_rate, True
        self.count = dict.fromkeys(COUNTED, 0)
        self.memory = Memory(spec)
        self.calls = 0
        self.key = stream(net.seed, f"service/{spec.name}")
        self.balancing_key = stream(net.seed, f"balancing/{spec.name}")
        self.patience_key = stream(net.seed, f"patience/{spec.name}")
        self.failing_key = stream(net.seed, f"failing/{spec.name}")
        self.losing, self.losing_key = 0.0, stream(net.seed, f"losing/{spec.name}")
        self.quota, self.quota_per = spec.quota, spec.quota_per
        self.let_in: Counter[int] = Counter()

    @property
    def now(self) -> float:
        return self.net.time

    def at(self, time: float, kind: str, whose: Any, call: Any, *args: Any) -> None:
        self.net.line_of_time.at(time, kind, whose, call, *args)

    # --- workers ---

    def room(self, replica: int) -> float:
        """Workers; a replica that isn't wanted any more still serves the line of its own."""
        serves = self.accepts(replica) or (self.up[replica] and self.spec.balancing is not None)
        return self.workers if serves else 0

    def accepts(self, replica: int) -> bool:
        return self.up[replica] and replica < self.scale and replica not in self.drains

    def idle(self, line: Line) -> list[int]:
        """Replicas of a line with an idle worker, the lowest first."""
        return [r for r in line.replicas if self.busy[r] < self.room(r)]

    def line_of(self, replica: int) -> Line:
        return self.lines[0] if self.spec.balancing is None else self.lines[replica]

    def waiting(self) -> list[Visit]:
        return [visit for line in self.lines for visit in line.visits]

    def refit(self) -> None:
        """Replicas have come or gone; who waits may be served, as an event of its own."""
        for line in self.lines:
            if self.idle(line) and line.visits:
                self.wake(self.net.now, line)

    def wake(self, now: float, line: Line) -> None:
        self.at(now, "wake", (line.number, 0, self.index), self.serve, line)

    def leave_worker(self, replica: int) -> None:
        """A worker takes the next in line, unless its replica is on its way out."""
        if self.shares:
            self.shares[replica].catch_up(self.now)
        self.busy[replica] -= 1
        if self.busy[replica] < self.room(replica):
            self.serve(self.line_of(replica))

    # --- the way in ---

    def look_at(self, visit: Visit) -> None:
        """What matters here of what a row carries, as it is when it comes."""
        name, ask = self.spec.name, partial(self.net.answer, attempt=visit.attempt)
        if self.spec.sized:
            visit.size = float(np.int64(ask(Trait(name, "size"))).view(np.float64))
        if self.spec.prioritised:
            visit.lane = 1 + ask(Trait(name, "priority"))
        if self.spec.cache:
            visit.key = ask(Trait(name, "key"))
        if self.net.steering is not None and name in self.net.steering.checked:
            visit.unreadable = ask(name) == 1

    def enter(self, visit: Visit) -> str:
        """The outcome, if there is one at once, else nothing."""
        self.count["arrived"] += 1
        if not self.is_open:
            return self.turn_away(visit, "rejected")
        if visit.attempt.deadline <= self.now:
            self.turn_away(visit, "expired")
            return "too late"
        if not self.admits():
            return self.turn_away(visit, "rejected")
        line = self.choose(visit)
        if line is None:
            return self.turn_away(visit, "rejected")
        if self.idle(line) and not line.visits and self.spec.batch == 1:
            if self.takes_no_time():
                return self.pass_through(visit, line)
            self.call(visit)
            self.begin([visit], line)
            return ""
        limit, forms_batch = self.spec.queue_limit, self.spec.batch > 1 and bool(self.idle(line))
        if limit is not None and len(line.visits) >= limit and not forms_batch:
            return self.turn_away(visit, "rejected")
        if line.visits and self.now - line.oldest() > self.spec.sheds_above:
            return self.turn_away(visit, "rejected")
        self.call(visit)
        self.stand_in_line(visit, line)
        if forms_batch:
            self.serve(line)
        return ""

    def miss(self, visit: Visit, how: Cut) -> str:
        """A call that can't reach the place: the outcome, if whoever called learns it at once."""
        self.count["arrived"] += 1
        if how == Cut.IS_REFUSED:
            return self.turn_away(visit, "rejected")
        self.turn_away(visit, "lost")
        self.call(visit)
        return self.wait_in_vain(visit)

    def wait_in_vain(self, visit: Visit) -> str:
        """No answer will come: the outcome, if whoever called learns it at once."""
        if self.spec.timeout < math.inf:
            visit.state = "adrift"
            return ""
        # Who would wait for ever knows at once.
        return "unheard" if self.net.gives_up(visit.attempt) else "failed"

    def admits(self) -> bool:
        """Whether one more may be inside, and there is a permit for whoever comes."""
        left = sum(self.count.values()) - self.count["arrived"] - self.count["started"]
        inside = self.count["arrived"] - 1 - left
        if self.spec.concurrency is not None and inside >= self.spec.concurrency:
            return False
        period = math.floor(self.now / self.quota_per)
        if self.let_in[period] >= self.quota:
            return False
        if self.spec.rate < math.inf:
            filled = self.permits + (self.now - self.filled) * self.spec.rate
            self.permits, self.filled = min(self.spec.burst, filled), self.now
            if self.permits < 1.0 - 1e-9:
                return False
            self.permits -= 1.0
        self.let_in[period] += 1
        return True

    def set_quota(self, quota: float, per: float) -> None:
        """From now on; what has been let in before doesn't count."""
        self.quota, self.quota_per, self.let_in = quota, per, Counter()

    def choose(self, visit: Visit) -> Line | None:
        """The line that a visit is given to, if there is one that is open."""
        balancing = self.spec.balancing
        if balancing is None:
            return self.lines[0]
        there = [r for r in range(len(self.up)) if self.accepts(r)]
        if visit.stop.shard is not None:
            return self.lines[visit.stop.shard] if visit.stop.shard in there else None
        if not there:
            return None
        if balancing == Balancing.ROUND_ROBIN:
            self.turn = next((r for r in there if r > self.turn), there[0])
            return self.lines[self.turn]
        if balancing == Balancing.LEAST_OUTSTANDING:
            fewest = min(map(self.outstanding, there))
            there = [replica for replica in there if self.outstanding(replica) == fewest]
            luck = uniform_at(self.balancing_key, *visit.luck)
            return self.lines[there[int(len(there) * luck)]]
        share = len(there) * uniform_at(self.balancing_key, *visit.luck)
        first = there.pop(int(share))
        if balancing == Balancing.RANDOM or not there:
            return self.lines[first]
        second = there[int((share - int(share)) * len(there))]
        return self.lines[min((first, second), key=self.outstanding)]

    def outstanding(self, replica: int) -> int:
        return self.busy[replica] + len(self.lines[replica].visits)

    def takes_no_time(self) -> bool:
        nothing = self.service.distribution == Distribution.CONSTANT and self.service.a == 0.0
        return nothing and self.spec.workers is None and self.spec.name not in self.net.callers

    def turn_away(self, visit: Visit, outcome: str) -> str:
        """No service begins, or none would be of use."""
        visit.start, visit.replica, visit.settings = self.now, -1, -1
        return self.close(visit, outcome)

    def pass_through(self, visit: Visit, line: Line) -> str:
        self.take(visit, self.idle(line)[0])
        if self.fails(visit) or not self.loses(visit):
            return self.close(visit, "failed" if self.fails(visit) else "served")
        self.close(visit, "lost")
        self.call(visit)
        return self.wait_in_vain(visit)

    def call(self, visit: Visit) -> None:
        """Whoever calls waits for so long; calls of one station time out in the order made."""
        if self.spec.timeout < math.inf:
            self.calls += 1
            due, whose = visit.arrival + self.spec.timeout, (self.index, self.calls)
            self.at(due, "call timeout", whose, self.time_out, visit)

    def stand_in_line(self, visit: Visit, line: Line) -> None:
        line.add(visit)
        self.watch_patience(visit, line)
        if self.spec.batch > 1:
            due, whose = visit.arrival + self.spec.batch_wait, (line.number, 0, self.index)
            self.at(due, "batch due", whose, self.serve, line)

    def watch_patience(self, visit: Visit, line: Line) -> None:
        """Those with one patience leave in the order of the line; else each by its own name."""
        law = self.spec.patience_law
        if law.distribution != Distribution.CONSTANT:
            luck = uniform_at(self.patience_key, *visit.luck)
            patience = max(0.0, quantile(int(law.distribution), law.a, law.b, luck))
            self.at(visit.arrival + patience, "reneging", visit.whose[:3], self.expire, visit)
        elif law.a < math.inf:
            whose = (line.number, visit.lane, self.index)
            self.at(visit.arrival + law.a, "expiry", whose, self.expire, visit)

    def leave_line(self, visit: Visit) -> None:
        next(line for line in self.lines if visit in line.visits).visits.remove(visit)

    # --- service ---

    def serve(self, line: Line) -> None:
        """Idle workers take from the head of a line, one each or a batch each."""
        while self.idle(line) and line.visits:
            if self.spec.batch > 1:
                due = line.oldest() + self.spec.batch_wait
                if len(line.visits) < self.spec.batch and self.now < due:
                    return
                self.serve_batch(line)
            elif line.visits[0].attempt.deadline <= self.now:
                # Those behind have an event of their own, after what this one brings about.
                late = line.visits.pop(0)
                self.turn_away(late, "expired")
                self.net.too_late(late.attempt)
                self.wake(self.now, line)
                return
            else:
                self.begin([line.visits.pop(0)], line)

    def serve_batch(self, line: Line) -> None:
        batch: list[Visit] = []
        while line.visits and len(batch) < self.spec.batch:
            visit = line.visits.pop(0)
            if visit.attempt.deadline <= self.now:
                self.turn_away(visit, "expired")
                self.net.too_late(visit.attempt)
            else:
                batch.append(visit)
        if batch:
            self.begin(batch, line)

    def begin(self, visits: list[Visit], line: Line) -> None:
        """One worker serves these; the first stands for all, with its draw and its name."""
        first, batch = visits[0], Batch(visits, self.idle(line)[0])
        if self.shares:
            self.shares[batch.replica].catch_up(self.now)
        for visit in visits:
            self.take(visit, batch.replica)
            visit.state, visit.batch = "in service", batch
        self.busy[batch.replica] += 1
        self.batches.append(batch)
        service = self.draw(first)
        if self.cold[batch.replica]:
            self.cold[batch.replica] -= 1
            service *= self.spec.coldness
        first.service = service
        if self.shares:
            self.shares[batch.replica].join(first, service)
            return
        service += (len(visits) - 1) * self.spec.per_item
        ends = self.now + service * self.slowness[batch.replica]
        for visit in visits:
            visit.ends = ends
        self.at(ends, "completion", first.whose, self.complete, batch)

    def take(self, visit: Visit, replica: int) -> None:
        self.count["started"] += 1
        visit.start, visit.replica = self.now, replica
        visit.settings = self.net.settings[self.spec.name]
        if not visit.abandoned:
            visit.attempt.stamps[self.spec.name] = visit.settings

    def draw(self, visit: Visit) -> float:
        service, u = self.service, uniform_at(self.key, *visit.luck)
        takes = max(0.0, quantile(int(service.distribution), service.a, service.b, u))
        takes *= visit.size
        return takes * visit.left if self.spec.after_crash == AfterCrash.RESUMES else takes

    def fails(self, visit: Visit) -> bool:
        if self.failing > 0.0 and uniform_at(self.failing_key, *visit.luck) < self.failing:
            return True
        return visit.unreadable

    def loses(self, visit: Visit) -> bool:
        return self.losing > 0.0 and uniform_at(self.losing_key, *visit.luck) < self.losing

    def complete(self, batch: Batch) -> None:
        """A worker has finished, if it is still at it."""
        if batch in self.batches:
            first = batch.visits[0]
            calls = first.stop.calls and not first.called and not self.fails(first)
            if calls and not (self.spec.cache and self.recalls(first)):
                first.called = True
                Held(self.net, first.token, first.path, self, batch).begin(first.stop.calls)
                return
            self.batches.remove(batch)
            for visit in batch.visits:
                if visit.state == "in service":
                    self.conclude(visit)
            self.leave_worker(batch.replica)

    def recalls(self, visit: Visit) -> bool:
        """Whether an answer for the key is there; if so, the attempt has met what it rests on."""
        known = self.memory.look_up(visit.key, self.now)
        visit.settings = MISS if known is None else HIT
        if not visit.abandoned:
            visit.attempt.stamps[self.spec.name] = visit.settings
            if known is not None:
                take_over(visit.attempt, known, visit.stop.calls)
        return known is not None

    def answered(self, batch: Batch, outcome: str) -> None:
        """What a worker has called is over, so its own work is, at this instant."""
        first = batch.visits[0]
        first.fate = outcome
        self.at(self.net.time, "completion", first.whose, self.complete, batch)

    def conclude(self, visit: Visit) -> None:
        """Who called goes on first, then what is sent aside."""
        in_vain = visit.fate if visit.called else self.fails(visit)
        outcome = "failed" if in_vain else "lost" if self.loses(visit) else "served"
        self.close(visit, "timed_out" if visit.abandoned else outcome)
        if visit.abandoned:
            return
        if outcome == "served":
            visit.over.succeed("served")
            self.net.start_asides(visit.attempt, visit.stop, visit.path)
        elif outcome == "lost":
            if self.wait_in_vain(visit) == "failed":
                self.give_up(visit, "failed")
        else:
            self.give_up(visit, visit.fate or "failed")

    def work_of(self, visit: Visit) -> float:
        """Seconds of a worker that a visit has taken that ends now."""
        if self.shares and visit.replica >= 0:
            return self.shares[visit.replica].given - visit.given
        return self.now - visit.start

    def work_so_far(self, visit: Visit) -> float:
        """Likewise of one that is being served, between two events."""
        if self.shares:
            return self.shares[visit.replica].at_given(self.net.now) - visit.given
        return self.net.now - visit.start

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
        if (again := self.net.called_again(visit)) is not None:
            self.net.go(self.net.token(visit.attempt, visit.token.again), again)
        elif self.spec.optional:
            visit.attempt.stamps.pop(self.spec.name, None)
            visit.token.born = self.net.next_birth()
            visit.over.succeed("gap")
        else:
            self.net.fail(visit.attempt, outcome)

    def time_out(self, visit: Visit) -> None:
        if visit.state in ("waiting", "in service", "adrift"):
            self.give_up(visit, "timed_out")

    def expire(self, visit: Visit) -> None:
        if visit.state == "waiting":
            self.leave_line(visit)
            self.turn_away(visit, "expired")
            self.give_up(visit, "rejected")

    def cancel(self, visit: Visit) -> None:
        if visit.state == "adrift":
            visit.state = "over"
            return
        if visit.state == "waiting":
            self.leave_line(visit)
            self.turn_away(visit, "cancelled")
            return
        if self.shares:
            self.shares[visit.replica].catch_up(self.now)
            del self.shares[visit.replica].visits[visit]
        self.close(visit, "cancelled")
        if self.spec.batch == 1:  # else the rest of its batch goes on, and so does the worker
            self.batches.remove(visit.batch)
            self.leave_worker(visit.replica)
        if self.shares:
            self.shares[visit.replica].plan(self.now)

    def set_slowness(self, replica: int, factor: float) -> None:
        """From now on services take so many times as long; under way only those that share."""
        if self.shares and factor != self.slowness[replica]:
            self.shares[replica].set_slowness(self.net.now, factor)
        self.slowness[replica] = factor

    def crash(self, replica: int) -> None:
        """All in service there are lost, one by one; they know it at this instant."""
        self.up[replica] = False
        if self.shares:
            for visit, share in self.shares[replica].crash(self.net.now).items():
                visit.share_left = share
        for batch in [batch for batch in self.batches if batch.replica == replica]:
            self.batches.remove(batch)
            for visit in batch.visits:
                if visit.state == "in service":
                    visit.state = "doomed"
                    self.at(self.net.now, "failure", visit.whose, self.lose, visit)
        if self.spec.balancing is not None:
            line = self.lines[replica]
            stranded, line.visits = line.visits, []
            for visit in stranded:
                visit.state = "stranded"
                self.at(self.net.now, "failure", visit.whose, self.lose, visit)
        self.busy[replica] = 0
        self.refit()

    def lose(self, visit: Visit) -> None:
        """Who called is told, or the visit is made again, from the door on."""
        left = visit.left
        if visit.state == "stranded":
            self.turn_away(visit, "lost")
        else:
            if self.shares:
                left *= visit.share_left
            elif visit.ends > visit.start:
                done = (self.now - visit.start) / (visit.ends - visit.start)
                left *= max(0.0, 1.0 - done)  # whoever has called others is done with its own
            self.close(visit, "lost")
        if self.spec.after_crash == AfterCrash.LOSES or visit.abandoned:
            self.give_up(visit, "failed")
            return
        visit.abandoned = True
        again = self.net.token(visit.attempt, visit.token.again)
        again.crashes = visit.crashes + 1
        if self.spec.after_crash == AfterCrash.RESUMES:
            again.left = left
        self.net.go(again, visit.stop)

    def restart(self, replica: int) -> None:
        if not self.up[replica]:
            self.cold[replica] = self.spec.cold_services
        self.up[replica] = True
        self.drains.discard(replica)
        self.memory.answers.clear()
        self.refit()

    def drain(self, replica: int) -> None:
        """It is given nothing more, until it is restarted."""
        self.drains.add(replica)

    def has_drained(self, replica: int) -> bool:
        own_line = self.spec.balancing is not None and self.lines[replica].visits
        return not (self.busy[replica] or own_line)

    def rescale(self, replicas: int) -> None:
        before, self.scale = self.scale, replicas
        more = max(0, replicas - len(self.up))
        self.up += [True] * more
        self.busy += [0] * more
        self.slowness += [1.0] * more
        self.cold += [0] * more
        if self.shares:
            self.shares += [Sharing(self, r) for r in range(len(self.shares), len(self.up))]
        for replica in range(before, replicas):
            self.cold[replica] = self.spec.cold_services
        if self.spec.balancing is None:
            self.lines[0].replicas = list(range(len(self.up)))
        else:
            self.lines += [Line([r], r) for r in range(len(self.lines), len(self.up))]
        self.refit()
