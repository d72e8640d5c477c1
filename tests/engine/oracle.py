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


@dataclass
class Attempt:
    request: int
    number: int
    sent: float
    done: simpy.Event
    aside: bool = False
    stamps: dict[str, int] = field(default_factory=dict)


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
        self.client = client
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
            self.env.process(self.request(entity))

    def request(self, entity: int) -> Moves:
        client = self.client or Client("nobody")
        arrival, outcome, attempt, number = self.env.now, "", None, 0
        leaving = self.env.timeout(client.patience) if client.patience < math.inf else None
        for number in range(client.retries + 1):
            if number > 0:
                yield self.either(self.env.timeout(client.backoff), leaving)
                if leaving is not None and leaving.processed:
                    number, outcome = number - 1, "abandoned"
                    break
            attempt = Attempt(entity, number, self.env.now, self.env.event())
            attempt.stamps[client.name] = self.settings[client.name]
            self.env.process(self.attempt(attempt))
            if client.timeout < math.inf:
                yield self.either(attempt.done | self.env.timeout(client.timeout), leaving)
            else:
                yield self.either(attempt.done, leaving)
            if leaving is not None and leaving.processed:
                outcome = "abandoned"
                break
            if not attempt.done.triggered:
                attempt.done.succeed("timed_out")
            outcome = str(attempt.done.value)
            if outcome == "ok":
                break
        answered = outcome == "ok"
        answer = (number, seen(attempt.stamps)) if answered else (-1, ())
        self.rows.append(
            (entity, "", number + 1, arrival, attempt.sent, self.env.now, outcome, *answer)
        )

    def either(self, event: simpy.Event, other: simpy.Event | None) -> simpy.Event:
        return event if other is None else event | other

    def attempt(self, attempt: Attempt) -> Moves:
        if self.client is not None:
            self.start_asides(attempt, self.client.name)
        yield from self.steps(attempt, self.path)
        if not attempt.done.triggered:
            attempt.done.succeed("ok")

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
        elif spec.optional:
            attempt.stamps.pop(name, None)
        else:
            yield from self.fail(attempt, MEANS[outcome])

    def work(self, attempt: Attempt, name: str, ordinal: int, call: Call) -> Moves:
        place, arrival = self.places[name], self.env.now
        line, limit = place.line, place.spec.queue_limit
        must_wait = line.count >= line.capacity or line.queue
        is_full = must_wait and limit is not None and len(line.queue) >= limit
        if is_full or not place.is_open:
            self.log(attempt, name, -1, arrival, arrival, "rejected")
            return "rejected"
        with line.request() as turn:
            if place.spec.patience < math.inf:
                yield turn | self.env.timeout(place.spec.patience)
            else:
                yield turn
            if not turn.triggered:
                self.log(attempt, name, -1, arrival, self.env.now, "expired")
                return "expired"
            replica, start = place.lowest_idle(), self.env.now
            me = (attempt.request, attempt.number, ordinal)
            place.users[replica][me] = self.env.active_process
            settings = self.settings[name]
            if not call.given_up:
                attempt.stamps[name] = settings
            service = self.service(place, name, attempt, ordinal) * place.slowness[replica]
            try:
                yield self.env.timeout(service)
            except simpy.Interrupt:
                self.log(attempt, name, replica, arrival, start, "lost", settings)
                line.release(turn)
                return "lost"
            del place.users[replica][me]
        # The worker takes the next in line before the request that it served goes on.
        place.fit_capacity()
        outcome = "failed" if self.fails(place, name, attempt, ordinal) else "served"
        logged = "timed_out" if call.given_up else outcome
        self.log(attempt, name, replica, arrival, start, logged, settings)
        return outcome

    def fails(self, place: Place, name: str, attempt: Attempt, ordinal: int) -> bool:
        key = stream(self.seed, f"failing/{name}")
        return uniform_at(key, attempt.request, attempt.number + (ordinal << 32)) < place.failing

    def service(self, place: Place, name: str, attempt: Attempt, ordinal: int) -> float:
        key = stream(self.seed, f"service/{name}")
        u = uniform_at(key, attempt.request, attempt.number + (ordinal << 32))
        service = place.service
        return max(0.0, quantile(int(service.distribution), service.a, service.b, u))

    def fail(self, attempt: Attempt, outcome: str) -> Moves:
        """Fail the attempt, if nothing else ended it before; this branch goes nowhere."""
        if not attempt.done.triggered:
            attempt.done.succeed(outcome)
        yield self.env.event()

    def start_asides(self, attempt: Attempt, name: str) -> None:
        for chain in self.asides:
            if chain.steps[0] == name:
                copy = Attempt(attempt.request, attempt.number, attempt.sent, self.env.event())
                copy.stamps = dict(attempt.stamps)
                self.env.process(self.aside(copy, numbered(chain.steps[1:], Counter())))

    def aside(self, attempt: Attempt, path: list) -> Moves:
        yield from self.steps(attempt, path)
        row = (attempt.request, path[-1][0], attempt.number, attempt.sent, self.env.now)
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
    ) -> None:
        who = (attempt.request, attempt.number, name)
        self.visits.append((*who, replica, settings, arrival, start, self.env.now, outcome))

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
