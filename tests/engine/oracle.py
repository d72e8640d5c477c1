"""The truth that the kernel is held against: request by request, with `simpy.Resource`.

Written as anybody would write it in SimPy, slowly and without any of the kernel's ideas; only the
draws are shared. It has the network's methods for decisions, so that one decider acts on both.
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import simpy

from mlsim.engine.draws import quantile, stream, uniform_at
from mlsim.engine.network import Client, Service, Station
from mlsim.scenario.flow import Chain, Parallel

Moves = Iterator[simpy.Event]
MEANS = {
    "rejected": "rejected",
    "expired": "rejected",
    "lost": "failed",
    "failed": "failed",
    "timed_out": "timed_out",
}
"""What becomes of an attempt by what became of its visit."""


@dataclass(eq=False)
class Request:
    id: int
    arrival: float
    sent: float
    attempts: int = 0
    retried: int = 0
    hedged: int = 0
    outcome: str = ""
    under_way: "list[Attempt]" = field(default_factory=list)


@dataclass(eq=False)
class Attempt:
    request: Request
    number: int
    sent: float
    aside: bool = False
    deadline: float = math.inf
    regime: int = 0
    outcome: str = ""
    stamps: dict[str, int] = field(default_factory=dict)


@dataclass(eq=False)
class Work:
    """A visit under way, so that it can be cancelled."""

    attempt: Attempt
    process: simpy.Process
    served: bool = False


@dataclass
class Breaker:
    """A circuit breaker of one client, for ever closed if it trips at no number of failures."""

    client: Client
    state: str = "closed"
    failures: int = 0
    until: float = 0.0
    regime: int = 0

    def lets_through(self, now: float) -> bool:
        if self.state == "open" and now >= self.until:
            self.state = "half open"
            self.regime += 1
            return True
        return self.state == "closed"

    def learn(self, now: float, regime: int, answered: bool) -> None:
        if not self.client.trips_at or regime != self.regime:
            return
        if answered:
            self.state, self.failures = "closed", 0
            return
        self.failures += 1
        if self.state == "half open" or self.failures >= self.client.trips_at:
            self.state, self.failures = "open", 0
            self.until = now + self.client.open_for
            self.regime += 1

    def forget_probe(self, now: float, regime: int) -> None:
        if self.state == "half open" and regime == self.regime:
            self.state, self.until = "open", now


@dataclass
class Call:
    """A visit as its caller sees it."""

    given_up: bool = False


@dataclass
class Place:
    """A station: one Resource for all replicas, and who is in service on which."""

    spec: Station
    line: simpy.Resource
    service: Service
    up: list[bool]
    scale: int
    users: list[dict[tuple[int, int, int], simpy.Process]]
    slowness: list[float]
    failing: float
    is_open: bool = True

    def room(self, replica: int) -> float:
        workers = self.spec.workers or math.inf
        return workers if self.up[replica] and replica < self.scale else 0

    def fit_capacity(self) -> None:
        """Workers that may be in use: those of open replicas, and those still busy elsewhere."""
        busy = [len(users) for users in self.users]
        self.line._capacity = sum(max(self.room(r), busy[r]) for r in range(len(busy)))
        while self.line.queue and self.line.count < self.line.capacity:
            self.line._trigger_put(None)

    def lowest_idle(self) -> int:
        return next(r for r, users in enumerate(self.users) if len(users) < self.room(r))


class Oracle:
    def __init__(
        self,
        chain: Chain,
        asides: list[Chain],
        stations: list[Station],
        client: Client | None,
        seed: int,
        arrivals: list[tuple[float, int]],
    ) -> None:
        self.env = simpy.Environment()
        self.client = client or Client("nobody")
        self.breaker = Breaker(self.client)
        self.savings = 10.0 if self.client.budget < math.inf else math.inf
        self.works: list[Work] = []
        self.seed = seed
        steps = chain.steps if client is None else chain.steps[1:-1]
        self.path = numbered(steps, Counter())
        self.asides = asides
        self.places = {spec.name: self.place(spec) for spec in stations}
        self.settings = Counter[str]()
        self.visits: list[tuple[object, ...]] = []
        self.rows: list[tuple[object, ...]] = []
        self.env.process(self.arrive(arrivals))

    def place(self, spec: Station) -> Place:
        capacity = (spec.workers or math.inf) * spec.replicas
        line = simpy.Resource(self.env, capacity)
        up, users = [True] * spec.replicas, [{} for _ in range(spec.replicas)]
        slowness = [1.0] * spec.replicas
        return Place(spec, line, spec.service, up, spec.replicas, users, slowness, spec.error_rate)

    # --- what moves ---

    def arrive(self, arrivals: list[tuple[float, int]]) -> Moves:
        for time, entity in arrivals:
            yield self.env.timeout(time - self.env.now)
            self.ask(entity)

    def ask(self, entity: int) -> None:
        """A request begins, and with it the patience of its person."""
        request = Request(entity, self.env.now, self.env.now)
        if self.client.budget < math.inf:
            self.savings = min(self.savings + self.client.budget, 10.0)
        if self.client.patience < math.inf:
            self.env.process(self.leave(request))
        self.send(request)

    def leave(self, request: Request) -> Moves:
        yield self.env.timeout(self.client.patience)
        if not request.outcome:
            self.end(request, "abandoned")
            self.env.process(self.cancel(request))

    def send(self, request: Request) -> None:
        client, now = self.client, self.env.now
        request.sent = now
        if not self.breaker.lets_through(now):
            self.unanswered(request, "rejected")
            return
        attempt = Attempt(request, request.attempts, now)
        attempt.regime = self.breaker.regime
        attempt.stamps[client.name] = self.settings[client.name]
        if client.deadline:
            attempt.deadline = now + client.timeout
        request.attempts += 1
        request.under_way.append(attempt)
        self.env.process(self.attempt(attempt))
        if client.timeout < math.inf:
            self.env.process(self.time_out(attempt))
        if request.hedged < client.hedges:
            self.env.process(self.hedge(request))

    def time_out(self, attempt: Attempt) -> Moves:
        yield self.env.timeout(self.client.timeout)
        self.unsuccessful(attempt, "timed_out")

    def hedge(self, request: Request) -> Moves:
        yield self.env.timeout(self.client.hedge_after)
        calm = request.retried == 0 and len(request.under_way) == 1 + request.hedged
        if not request.outcome and calm:
            request.hedged += 1
            self.send(request)

    def attempt(self, attempt: Attempt) -> Moves:
        self.start_asides(attempt, self.client.name)
        yield from self.steps(attempt, self.path)
        if not attempt.outcome:
            attempt.outcome = "ok"
            request = attempt.request
            request.under_way.remove(attempt)
            self.breaker.learn(self.env.now, attempt.regime, True)
            if not request.outcome:
                self.end(request, "ok", attempt)
                self.env.process(self.cancel(request))

    def unsuccessful(self, attempt: Attempt, outcome: str) -> None:
        if attempt.outcome or attempt.aside:
            return
        attempt.outcome, request = outcome, attempt.request
        request.under_way.remove(attempt)
        self.breaker.learn(self.env.now, attempt.regime, False)
        self.env.process(self.cancel(request))
        if not request.outcome and not request.under_way:
            self.unanswered(request, outcome)

    def unanswered(self, request: Request, outcome: str) -> None:
        """Nothing of the request is under way: try again, or end it."""
        client = self.client
        if request.retried < client.retries and self.savings >= 1.0:
            self.savings -= 1.0
            self.env.process(self.resend(request, self.backoff(request)))
            request.retried += 1
        else:
            self.end(request, "fallback" if client.falls_back else outcome)

    def backoff(self, request: Request) -> float:
        client = self.client
        wait = min(client.cap, client.backoff * client.growth**request.retried)
        key = stream(self.seed, f"backoff/{client.name}")
        return wait * uniform_at(key, request.id, request.retried) if client.jitter else wait

    def resend(self, request: Request, wait: float) -> Moves:
        yield self.env.timeout(wait)
        if not request.outcome:
            self.send(request)

    def end(self, request: Request, outcome: str, attempt: Attempt | None = None) -> None:
        request.outcome = outcome
        answer = (attempt.number, seen(attempt.stamps)) if attempt else (-1, ())
        sent = attempt.sent if attempt else request.sent
        head = (request.id, "", request.attempts, request.arrival, sent, self.env.now)
        self.rows.append((*head, outcome, *answer))

    def cancel(self, request: Request) -> Moves:
        """Take back the work of failed attempts, and all of it if the request is over."""
        if not self.client.cancels:
            return
        yield from self.all_begun()
        if request.outcome:
            for attempt in request.under_way:
                attempt.outcome = "cancelled"
                self.breaker.forget_probe(self.env.now, attempt.regime)
            request.under_way = []
        for in_service in (False, True):
            for one in self.void(request, in_service):
                if one in self.works:
                    one.process.interrupt("cancelled")
                    yield from self.all_begun()

    def all_begun(self) -> Moves:
        """Let all that begins at this instant begin: SimPy takes a few steps for it."""
        for _ in range(5):
            yield self.env.timeout(0)

    def void(self, request: Request, in_service: bool) -> "list[Work]":
        """Visits of a request that nobody waits for, the youngest attempt's first."""
        over = {"timed_out", "rejected", "failed", "cancelled"}
        found = [
            work
            for work in self.works
            if work.attempt.request is request
            and work.attempt.outcome in over
            and work.served == in_service
        ]
        found.reverse()
        return sorted(found, key=lambda work: -work.attempt.number)

    def steps(self, attempt: Attempt, steps: list) -> Moves:
        for step in steps:
            if isinstance(step, list):
                yield self.env.all_of(
                    [self.env.process(self.steps(attempt, branch)) for branch in step]
                )
            else:
                yield from self.visit(attempt, *step)

    def visit(self, attempt: Attempt, name: str, ordinal: int) -> Moves:
        spec, call = self.places[name].spec, Call()
        if spec.timeout < math.inf:
            work = self.env.process(self.work(attempt, name, ordinal, call))
            yield work | self.env.timeout(spec.timeout)
            call.given_up = not work.triggered
            outcome = "timed_out" if call.given_up else work.value
        else:
            outcome = yield from self.work(attempt, name, ordinal, call)
        if outcome == "served":
            self.start_asides(attempt, name)
        elif outcome in ("cancelled", "late"):
            yield self.env.event()
        elif spec.optional:
            attempt.stamps.pop(name, None)
        else:
            yield from self.fail(attempt, MEANS[outcome])

    def work(self, attempt: Attempt, name: str, ordinal: int, call: Call) -> Moves:
        """One visit, from the door on; gives what has become of it."""
        visit = Work(attempt, self.env.active_process)
        self.works.append(visit)
        outcome = yield from self.visited(visit, name, ordinal, call)
        self.works.remove(visit)
        return outcome

    def visited(self, visit: Work, name: str, ordinal: int, call: Call) -> Moves:
        place, arrival, attempt = self.places[name], self.env.now, visit.attempt
        line, limit = place.line, place.spec.queue_limit
        must_wait = line.count >= line.capacity or line.queue
        is_full = must_wait and limit is not None and len(line.queue) >= limit
        if not place.is_open or (is_full and attempt.deadline > arrival):
            return self.log(attempt, name, -1, arrival, arrival, "rejected")
        if attempt.deadline <= arrival:
            self.log(attempt, name, -1, arrival, arrival, "expired")
            return "late"
        with line.request() as turn:
            try:
                if place.spec.patience < math.inf:
                    yield turn | self.env.timeout(place.spec.patience)
                else:
                    yield turn
            except simpy.Interrupt:
                return self.log(attempt, name, -1, arrival, self.env.now, "cancelled")
            if not turn.triggered:
                return self.log(attempt, name, -1, arrival, self.env.now, "expired")
            if attempt.deadline <= self.env.now:
                self.log(attempt, name, -1, arrival, self.env.now, "expired")
                return "late"
            visit.served = True
            replica, start = place.lowest_idle(), self.env.now
            me = (attempt.request.id, attempt.number, ordinal)
            place.users[replica][me] = self.env.active_process
            settings = self.settings[name]
            if not call.given_up:
                attempt.stamps[name] = settings
            service = self.service(place, name, attempt, ordinal) * place.slowness[replica]
            try:
                yield self.env.timeout(service)
            except simpy.Interrupt as interrupt:
                outcome = interrupt.cause or "lost"
                if outcome == "cancelled":
                    del place.users[replica][me]
                self.log(attempt, name, replica, arrival, start, outcome, settings)
                line.release(turn)
                return outcome
            del place.users[replica][me]
        # The worker takes the next in line before the request that it served goes on.
        place.fit_capacity()
        outcome = "failed" if self.fails(place, name, attempt, ordinal) else "served"
        logged = "timed_out" if call.given_up else outcome
        self.log(attempt, name, replica, arrival, start, logged, settings)
        return outcome

    def fails(self, place: Place, name: str, attempt: Attempt, ordinal: int) -> bool:
        key = stream(self.seed, f"failing/{name}")
        return uniform_at(key, attempt.request.id, attempt.number + (ordinal << 32)) < place.failing

    def service(self, place: Place, name: str, attempt: Attempt, ordinal: int) -> float:
        key = stream(self.seed, f"service/{name}")
        u = uniform_at(key, attempt.request.id, attempt.number + (ordinal << 32))
        service = place.service
        return max(0.0, quantile(int(service.distribution), service.a, service.b, u))

    def fail(self, attempt: Attempt, outcome: str) -> Moves:
        """Fail the attempt, if nothing else ended it before; this branch goes nowhere."""
        self.unsuccessful(attempt, outcome)
        yield self.env.event()

    def start_asides(self, attempt: Attempt, name: str) -> None:
        for chain in self.asides:
            if chain.steps[0] == name:
                copy = Attempt(attempt.request, attempt.number, attempt.sent, aside=True)
                copy.stamps = dict(attempt.stamps)
                self.env.process(self.aside(copy, numbered(chain.steps[1:], Counter())))

    def aside(self, attempt: Attempt, path: list) -> Moves:
        yield from self.steps(attempt, path)
        row = (attempt.request.id, path[-1][0], attempt.number, attempt.sent, self.env.now)
        self.rows.append((*row, seen(attempt.stamps)))

    def log(
        self,
        attempt: Attempt,
        name: str,
        replica: int,
        arrival: float,
        start: float,
        outcome: str,
        settings: int = -1,
    ) -> str:
        who = (attempt.request.id, attempt.number, name)
        self.visits.append((*who, replica, settings, arrival, start, self.env.now, outcome))
        return outcome

    # --- what decides ---

    def set_settings(self, name: str, number: int) -> None:
        self.settings[name] = number

    def set_service(self, name: str, service: Service) -> None:
        self.places[name].service = service

    def set_failing(self, name: str, share: float) -> None:
        self.places[name].failing = share

    def set_open(self, name: str, is_open: bool) -> None:
        self.places[name].is_open = is_open

    def set_slowness(self, name: str, replica: int, factor: float) -> None:
        self.places[name].slowness[replica] = factor

    def crash(self, name: str, replica: int) -> None:
        place = self.places[name]
        place.up[replica] = False
        lost, place.users[replica] = place.users[replica], {}
        # What fails at one instant fails in the order of who it is: the kernel's rule for ties.
        for who in sorted(lost):
            lost[who].interrupt()
        # Until they let go of the Resource, the lost still count as its users.
        place.line._capacity = 0
        self.env.process(self.settle(place))

    def settle(self, place: Place) -> Moves:
        yield self.env.timeout(0)
        place.fit_capacity()

    def restart(self, name: str, replica: int) -> None:
        place = self.places[name]
        place.up[replica] = True
        place.fit_capacity()

    def scale(self, name: str, replicas: int) -> None:
        place = self.places[name]
        place.scale = replicas
        while len(place.up) < replicas:
            place.up.append(True)
            place.users.append({})
            place.slowness.append(1.0)
        place.fit_capacity()


def numbered(steps: tuple, seen: Counter[str]) -> list:
    """Steps with how often each name came before: the n-th visit of a path has its own draw."""
    out: list = []
    for step in steps:
        if isinstance(step, Parallel):
            out.append([numbered(branch, seen) for branch in step.branches])
        else:
            out.append((step, seen[step]))
            seen[step] += 1
    return out


def seen(stamps: dict[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((name, number) for name, number in stamps.items() if name != "nobody"))
