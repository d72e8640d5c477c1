"""What a client does for the requests of one load; where there is no client, all is sent once."""

import math
from typing import Any

import numpy as np

from mlsim.engine.draws import Distribution, quantile, stream, uniform_at
from mlsim.engine.parts import Client, Session
from mlsim.engine.sessions import next_id
from tests.engine.oracle.breaker import Breaker, Savings
from tests.engine.oracle.graph import Step
from tests.engine.oracle.lives import Attempt, Request


class Sender:
    """A load with its client.

    net: the whole. first: where its attempts begin. client: None where nobody waits for answers.
    session: how its people go on. shared: another load of the same client.
    """

    def __init__(
        self,
        net: Any,
        load: int,
        first: Step,
        client: Client | None,
        session: Session | None,
        shared: "Sender | None",
    ) -> None:
        self.session = session
        self.net, self.load, self.first, self.client = net, load, first, client
        self.habits = client or Client("nobody")
        self.breaker = shared.breaker if shared else Breaker(self.habits)
        self.savings = shared.savings if shared else Savings(self.habits.budget)
        self.made = 0

    def at(self, time: float, kind: str, whose: tuple[int, int], call: Any, *args: Any) -> None:
        self.net.line_of_time.at(time, kind, whose, call, *args)

    def in_turn(self) -> tuple[int, int]:
        """Attempts of one load time out in the order of sending; its persons leave in turn,
        where they have one patience."""
        self.made += 1
        return self.load, self.made

    def begin(self, request: Request) -> None:
        law, whose = self.habits.patience_law, self.in_turn()
        patience = law.a
        if law.distribution != Distribution.CONSTANT:
            luck = uniform_at(stream(self.net.seed, f"patience/{self.habits.name}"), request.id, 0)
            patience = max(0.0, quantile(int(law.distribution), law.a, law.b, luck))
            whose = (self.load, request.id)
        if patience < math.inf:
            self.at(request.arrival + patience, "departure", whose, self.depart, request)
        self.savings.save()
        self.send(request)

    def send(self, request: Request) -> None:
        request.sent = self.net.time
        if self.breaker.lets_through(self.net.time):
            self.start_attempt(request)
        else:
            self.unanswered(request, "rejected")

    def start_attempt(self, request: Request) -> None:
        habits, now = self.habits, self.net.time
        attempt = Attempt(request, request.sends, now, regime=self.breaker.regime)
        request.tries.append(attempt)
        request.sends += 1
        if self.client is not None:
            attempt.stamps[habits.name] = self.net.settings[habits.name]
        if habits.timeout < math.inf:
            due = now + habits.timeout
            self.at(due, "timeout", self.in_turn(), self.fail, attempt, "timed_out")
            if habits.deadline:
                attempt.deadline = due
        if request.hedged < habits.hedges:
            whose = (request.id, request.sends)
            self.at(now + habits.hedge_after, "hedge", whose, self.hedge, request)
        self.net.go(self.net.token(attempt), self.first)

    def hedge(self, request: Request) -> None:
        calm = request.retried == 0 and request.under_way == 1 + request.hedged
        if not request.outcome and calm and self.breaker.lets_through(self.net.time):
            request.hedged += 1
            request.sent = self.net.time
            self.start_attempt(request)

    def answer(self, attempt: Attempt) -> None:
        """An attempt brings the answer, if it was still waited for."""
        if attempt.outcome:
            return
        attempt.outcome, request = "ok", attempt.request
        self.breaker.learn(self.net.time, attempt.regime, answered=True)
        if not request.outcome:
            request.outcome = "ok"
            self.net.log_answer(attempt, "")
            self.go_on(request)
            if request.under_way:
                self.call_off(request)

    def fail(self, attempt: Attempt, outcome: str) -> None:
        """An attempt fails, if nothing has ended it before."""
        if attempt.outcome:
            return
        attempt.outcome, request = outcome, attempt.request
        self.breaker.learn(self.net.time, attempt.regime, answered=False)
        self.call_off(request)
        if not request.outcome and not request.under_way:
            self.unanswered(request, outcome)

    def unanswered(self, request: Request, outcome: str) -> None:
        """Nothing of the request is under way: try again, or end it."""
        if request.retried < self.habits.retries and self.savings.pay():
            whose = (request.id, request.sends)
            self.at(self.net.time + self.backoff(request), "resend", whose, self.resend, request)
            request.retried += 1
        else:
            self.end(request, "fallback" if self.habits.falls_back else outcome)

    def backoff(self, request: Request) -> float:
        habits, law = self.habits, self.habits.backoff_law
        key = stream(self.net.seed, f"backoff/{habits.name}/law")
        luck = uniform_at(key, request.id, request.retried)
        wait = max(0.0, quantile(law.distribution, law.a, law.b, luck))
        for _ in range(request.retried):
            wait *= habits.growth
        wait = min(wait, habits.cap)
        key = stream(self.net.seed, f"backoff/{habits.name}")
        return wait * uniform_at(key, request.id, request.retried) if habits.jitter else wait

    def resend(self, request: Request) -> None:
        if not request.outcome:
            self.send(request)

    def depart(self, request: Request) -> None:
        if not request.outcome:
            self.end(request, "abandoned")
            self.call_off(request)

    def end(self, request: Request, outcome: str) -> None:
        request.outcome = outcome
        self.net.log_failure(request)
        self.go_on(request)

    def go_on(self, request: Request) -> None:
        """Whoever has ended a request leaves, or thinks and sends another one."""
        if self.session is None:
            return
        name, seed = f"load/{self.session.load}", self.net.seed
        luck = uniform_at(stream(seed, f"{name}/then"), request.id, 0)
        chances = np.cumsum([share for _, share in self.session.ways])
        ways = [
            load
            for (load, _), below in zip(self.session.ways, chances, strict=True)
            if luck < below
        ]
        if ways:
            who = next_id(request.id, ways[0], stream(seed, f"{name}/person"))
            law, u = self.session.think, uniform_at(stream(seed, f"{name}/think#0"), who, 0)
            time = self.net.time + max(0.0, quantile(int(law.distribution), law.a, law.b, u))
            if time < self.net.until:
                self.at(time, "follow up", (who, 0), self.net.arrive, who)

    def call_off(self, request: Request) -> None:
        """Who cancels does it at this instant, but when all that follows from the event is done."""
        if self.habits.cancels:
            self.net.call_off(request)

    def cancel(self, request: Request) -> None:
        """Take back what failed attempts do still, and all if the request is over; last, first."""
        for attempt in reversed(request.tries):
            if self.is_void(attempt, request):
                if not attempt.outcome:
                    self.breaker.forget_probe(self.net.time, attempt.regime)
                if attempt.outcome in ("", "called"):
                    attempt.outcome = "cancelled"
                self.call_back(attempt)

    def is_void(self, attempt: Attempt, request: Request) -> bool:
        while attempt.outcome == "called":
            attempt = attempt.caller.token.attempt
        if not attempt.outcome:
            return self.habits.cancels and bool(request.outcome)
        failed = attempt.outcome not in ("ok", "aside", "cancelled")
        return attempt.outcome == "cancelled" or (self.habits.cancels and failed)

    def call_back(self, attempt: Attempt) -> None:
        """First the visits that wait: or one might begin to be served, only to be cancelled."""
        for state in ("adrift", "waiting", "in service"):
            visits = [visit for visit in attempt.visits if visit.state == state]
            for visit in sorted(visits, key=lambda visit: -visit.born):
                self.net.places[visit.stop.name].cancel(visit)
