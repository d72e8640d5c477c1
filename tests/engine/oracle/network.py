"""The whole: ways of requests as SimPy processes, and the network's own face to the outside."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np
import simpy

from mlsim.engine.arrivals import LOAD_SHIFT, Source
from mlsim.engine.luck import PATHS
from mlsim.engine.network import NOBODY_GOES_ON
from mlsim.engine.parts import PRIORITIES, Client, Service, Session, Station
from mlsim.engine.routes import Cut
from mlsim.engine.tables import Counters, Requests, Visits
from tests.engine.oracle.branches import Some
from tests.engine.oracle.graph import Fork, Graph, Join, Pick, Return, Split, Start, Step, Stop
from tests.engine.oracle.lives import Attempt, Request, Token, Visit
from tests.engine.oracle.place import Place
from tests.engine.oracle.sender import Sender
from tests.engine.oracle.timeline import Timeline

OUTCOMES = ("ok", "timed_out", "rejected", "failed", "abandoned", "fallback")
VISIT_OUTCOMES = ("served", "rejected", "lost", "failed", "expired", "timed_out", "cancelled")


class Oracle:
    """Does what `Network` does, with the same arguments and the same methods."""

    def __init__(
        self,
        chains: Sequence[Any],
        stations: Sequence[Station],
        clients: Sequence[Client],
        entries: Mapping[int, str],
        seed: int,
        arrivals: Source,
        sessions: Mapping[int, Session] = NOBODY_GOES_ON,
        start: float = 0.0,
        until: float = math.inf,
        ahead: Callable[[], float] = lambda: math.inf,
        on_visits: Callable[[Visits], None] | None = None,
        on_requests: Callable[[Requests], None] | None = None,
        steering: Any = None,
        **sizes: object,
    ) -> None:
        self.names = (*(s.name for s in stations), *(c.name for c in clients))
        self.seed, self.now, self.until = seed, start, until
        self.arrivals, self.ahead, self.horizon = arrivals, ahead, start
        self.on_visits, self.on_requests = on_visits, on_requests
        self.steering = steering
        self.stretch = 64.0
        self.line_of_time = Timeline(start)
        self.settings: Counter[str] = Counter()
        self.places = {spec.name: Place(self, k, spec) for k, spec in enumerate(stations)}
        self.senders: dict[int, Sender] = {}
        by_name = {client.name: client for client in clients}
        graph = Graph(chains, list(by_name), {spec.name: spec for spec in stations})
        for load, name in entries.items():
            shared = next((s for s in self.senders.values() if s.habits.name == name), None)
            way, client = graph.way_from(name), by_name.get(name)
            session = sessions.get(load)
            self.senders[load] = Sender(self, load, way, client, session, shared)
        self.callers = graph.callers
        self.cuts: defaultdict[tuple[str, str], Cut] = defaultdict(lambda: Cut.REACHES)
        self.births = count()
        self.came = count()
        self.visits: list[tuple[Any, ...]] = []
        self.rows: list[tuple[Any, ...]] = []

    # --- what moves ---

    @property
    def time(self) -> float:
        return self.line_of_time.now

    def advance(self, until: float) -> None:
        """Let all happen up to and including `until`."""
        while self.horizon <= until and self.horizon < math.inf:
            self.line_of_time.run_through(math.nextafter(self.horizon, -math.inf))
            self.fetch()
        self.line_of_time.run_through(until)
        self.now = max(self.now, until if until < math.inf else self.time)

    def fetch(self) -> None:
        """Who comes before the next horizon; they come after all else of their instant."""
        end = min(self.horizon + self.stretch, self.until, self.ahead())
        times, ids = self.arrivals.between(self.horizon, end)
        for time, who in zip(times.tolist(), ids.tolist(), strict=True):
            self.line_of_time.at(time, "arrival", [next(self.came)], self.arrive, who)
        self.horizon = end if end < self.until else math.inf
        if times.size == 0:
            self.stretch *= 2.0

    def arrive(self, who: int) -> None:
        load = who >> LOAD_SHIFT
        self.senders[load].begin(Request(who, load, self.time))

    def go(self, token: Token, step: Step) -> None:
        self.line_of_time.process(self.way(token, step))

    def way(self, token: Token, step: Step | None) -> Iterator[simpy.Event]:
        """A token goes from step to step, until its way ends."""
        attempt, last = token.attempt, None
        while step is not None:
            last = step
            if isinstance(step, Stop):
                visit = Visit(token, token.born, step, self.time, self.line_of_time.event())
                visit.left, token.left = token.left, 1.0
                visit.crashes, token.crashes = token.crashes, 0
                visit.calls = token.calls(step)
                attempt.visits.append(visit)
                place = self.places[step.name]
                place.look_at(visit)
                how = self.cut_of(step)
                outcome = place.enter(visit) if how == Cut.REACHES else place.miss(visit, how)
                if not outcome:
                    yield visit.over
                elif outcome == "served":
                    self.start_asides(attempt, step, visit.path)
                elif outcome == "too late":
                    self.too_late(attempt)
                    return
                elif outcome == "unheard":
                    return
                elif (again := self.called_again(visit)) is not None:
                    step = again
                    continue
                elif place.spec.optional or (outcome == "rejected" and is_sink(attempt, step)):
                    attempt.stamps.pop(step.name, None)
                else:
                    self.fail(attempt, outcome)
                    return
            elif isinstance(step, Start):
                self.start_asides(attempt, step, attempt.path * PATHS)
            elif isinstance(step, Fork):
                for k, branch in enumerate(step.branches):
                    self.go(token if k == 0 else self.token(attempt), branch)
                return
            elif isinstance(step, Join):
                attempt.joined[step] += 1
                if attempt.joined[step] < step.need:
                    return
            elif isinstance(step, Split):
                waiting = Some(self, token, attempt.path * PATHS, step)
                for branch in step.branches:
                    waiting.begin(branch)
                return
            elif isinstance(step, Return):
                if attempt.outcome == "called":
                    attempt.outcome = "ok"
                    attempt.caller.back(attempt)
                return
            elif isinstance(step, Pick):
                step = step.branches[self.answer(step.choice, attempt)]
                continue
            step = step.then
        self.arrive_at_the_end(attempt, last)

    def answer(self, question: Any, attempt: Attempt) -> int:
        """What the row of an attempt says, as it is now."""
        request, nothing = attempt.request, np.array([-1])
        row = Requests(
            *(np.array([value]) for value in (request.id, request.load, -1)),
            *(np.array([number]) for number in (request.sends, request.hedged)),
            *(np.array([time]) for time in (request.arrival, attempt.sent, math.nan)),
            outcome=nothing,
            answer=np.array([attempt.number]),
            stamps=np.array([[attempt.stamps.get(name, -1) for name in self.names]]),
        )
        return int(self.steering.answer(question, request.load, row)[0])

    def arrive_at_the_end(self, attempt: Attempt, last: Step | None) -> None:
        if attempt.outcome == "aside":
            if isinstance(last, Start | Stop):
                self.log_answer(attempt, last.name)
        else:
            self.senders[attempt.request.load].answer(attempt)

    def called_again(self, visit: Visit) -> Stop | None:
        """Where a visit that brought nothing is called again, if it is; its token counts that.

        By the innermost layer of callers with a call left; those behind it begin anew. What nobody
        needs is called again by its own caller only.
        """
        attempt, again = visit.attempt, visit.token.again
        optional = self.places[visit.stop.name].spec.optional
        layers = [layer for layer in visit.stop.layers if layer is visit.stop or not optional]
        if not self.senders[attempt.request.load].is_void(attempt, attempt.request):
            for layer in layers:
                if again[layer] < self.places[layer.name].spec.retries:
                    counted = Counter({outer: again[outer] for outer in layer.layers})
                    visit.token.again = counted + Counter([layer])
                    return layer
        return None

    def start_asides(self, attempt: Attempt, step: Start | Stop, path: int) -> None:
        for aside in step.asides:
            copy = Attempt(attempt.request, attempt.number, attempt.sent, outcome="aside")
            copy.stamps, copy.path = dict(attempt.stamps), path
            attempt.request.tries.append(copy)
            self.go(self.token(copy), aside)

    def token(self, attempt: Attempt, again: Counter[Stop] | None = None) -> Token:
        return Token(attempt, self.next_birth(), again=again or Counter())

    def next_birth(self) -> int:
        return next(self.births)

    def fail(self, attempt: Attempt, outcome: str) -> None:
        if attempt.outcome == "called":
            attempt.outcome = outcome
            attempt.caller.miss(outcome)
        else:
            self.senders[attempt.request.load].fail(attempt, outcome)

    def too_late(self, attempt: Attempt) -> None:
        """A client knows by itself that its time is over; who has called a branch is told."""
        if attempt.outcome == "called":
            self.fail(attempt, "timed_out")

    def gives_up(self, attempt: Attempt) -> bool:
        """Whether nobody waits for an attempt, or not for ever."""
        client = self.senders[attempt.request.load].habits
        return attempt.outcome != "called" and (bool(attempt.outcome) or client.timeout < math.inf)

    def cut_of(self, stop: Stop) -> Cut:
        """What becomes of calls there: one that is refused comes back before one that is lost."""
        return max((self.cuts[caller, stop.name] for caller in stop.callers), default=Cut.REACHES)

    def call_off(self, request: Request) -> None:
        """Take work back at this instant, but when all that follows from the event is done."""
        cancel = self.senders[request.load].cancel
        whose = (request.id, request.sends)
        self.line_of_time.at(self.time, "cancellation", whose, cancel, request)

    # --- what is written down ---

    def log_visit(self, visit: Visit, outcome: str) -> None:
        who = (visit.attempt.request.id, visit.attempt.number, self.index(visit.stop.name))
        times = (visit.arrival, visit.start, self.time)
        code = VISIT_OUTCOMES.index(outcome)
        priority = PRIORITIES - visit.lane if visit.lane else -1
        work = self.places[visit.stop.name].work_of(visit)
        self.visits.append((*who, visit.replica, visit.settings, *times, work, priority, code))

    def log_answer(self, attempt: Attempt, sink: str) -> None:
        where = self.index(sink) if sink else -1
        stamps = [attempt.stamps.get(name, -1) for name in self.names]
        self.log_row(attempt.request, where, attempt.sent, "ok", attempt.number, stamps)

    def log_failure(self, request: Request) -> None:
        none = [-1] * len(self.names)
        self.log_row(request, -1, request.sent, request.outcome, -1, none)

    def log_row(
        self, of: Request, where: int, sent: float, outcome: str, answer: int, stamps: list[int]
    ) -> None:
        head = (of.id, of.load, where, of.sends, of.hedged, of.arrival, sent, self.time)
        self.rows.append((*head, OUTCOMES.index(outcome), answer, stamps))

    def flush(self) -> None:
        seen, self.visits = self.visits, []
        ended, self.rows = self.rows, []
        if seen and self.on_visits is not None:
            self.on_visits(columns(Visits, seen, "i8 i4 i4 i4 i4 f8 f8 f8 f8 i4 i4"))
        if ended and self.on_requests is not None:
            self.on_requests(columns(Requests, ended, "i8 i4 i4 i4 i4 f8 f8 f8 i4 i8 i4"))

    # --- what decides ---

    def forget_foresight(self) -> None:
        """Nothing is foreseen here."""

    def index(self, name: str) -> int:
        return self.names.index(name)

    def counters(self, name: str) -> Counters:
        place = self.places[name]
        return Counters(
            **place.count,
            waiting=len(place.waiting()),
            in_service=tuple(int(b) for b in place.busy),
        )

    def busy(self, name: str) -> int:
        place = self.places[name]
        most = place.spec.workers if place.shares else math.inf
        return sum(min(busy, most) for busy in place.busy)

    def up(self, name: str) -> tuple[bool, ...]:
        place = self.places[name]
        return tuple(place.up[: place.scale])

    def under_way(self) -> Visits:
        """Who waits, and who is served."""
        waiting = [visit for place in self.places.values() for visit in place.waiting()]
        batches = [batch for place in self.places.values() for batch in place.batches]
        served = [v for batch in batches for v in batch.visits if v.state == "in service"]
        rows = [
            (
                *(v.attempt.request.id, v.attempt.number, self.index(v.stop.name)),
                *(v.replica, v.settings, v.arrival, v.start if v in served else math.inf),
                *(math.inf, self.work_so_far(v) if v in served else 0.0, -1, -1),
            )
            for v in (*waiting, *served)
        ]
        return columns(Visits, rows, "i8 i4 i4 i4 i4 f8 f8 f8 f8 i4 i4")

    def work_so_far(self, visit: Visit) -> float:
        return self.places[visit.stop.name].work_so_far(visit)

    def set_settings(self, name: str, number: int) -> None:
        self.settings[name] = number

    def set_service(self, name: str, service: Service) -> None:
        self.places[name].service = service

    def set_losing(self, name: str, share: float) -> None:
        self.places[name].losing = share

    def set_quota(self, name: str, quota: float, per: float) -> None:
        self.places[name].set_quota(quota, per)

    def set_open(self, name: str, is_open: bool) -> None:
        self.places[name].is_open = is_open

    def set_slowness(self, name: str, replica: int, factor: float) -> None:
        self.places[name].set_slowness(replica, factor)

    def crash(self, name: str, replica: int) -> None:
        self.places[name].crash(replica)

    def restart(self, name: str, replica: int) -> None:
        self.places[name].restart(replica)

    def cut(self, sender: str, receiver: str, how: Cut) -> None:
        self.cuts[sender, receiver] = how

    def drain(self, name: str, replica: int) -> None:
        self.places[name].drain(replica)

    def has_drained(self, name: str, replica: int) -> bool:
        return self.places[name].has_drained(replica)

    def scale(self, name: str, replicas: int) -> None:
        self.places[name].rescale(replicas)


def is_sink(attempt: Attempt, step: Stop) -> bool:
    """Whether a copy was sent to this component; what it refuses is told of it as well."""
    return attempt.outcome == "aside" and step.then is None


def columns(table: Any, rows: list[tuple[Any, ...]], kinds: str) -> Any:
    """Rows as the columns of a table."""
    turned = zip(*rows, strict=True) if rows else [()] * len(table._fields)
    return table(*(np.array(c, dtype=k) for c, k in zip(turned, kinds.split(), strict=True)))
