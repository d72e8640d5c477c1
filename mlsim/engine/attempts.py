"""What clients do: send attempts, wait for them, give up, try again, leave."""

import math

from mlsim.engine.branches import call_off, miss
from mlsim.engine.breaker import learn, lets_through
from mlsim.engine.draws import CONSTANT, duration, uniform_at
from mlsim.engine.events import push
from mlsim.engine.handing import Table, state_at
from mlsim.engine.jit import kernel_call, kernel_entry, kernel_step
from mlsim.engine.logs import log_answer, log_failure
from mlsim.engine.questions import foretell
from mlsim.engine.sessions import go_on
from mlsim.engine.slots import drop_attempt, drop_request, new_attempt, new_token, put
from mlsim.engine.state import (
    ABANDONED,
    CALLED,
    DEPARTURE,
    FALLBACK,
    HEDGE,
    NOWHERE,
    OK,
    PENDING,
    REJECTED,
    RESEND,
    TIMED_OUT,
    TIMEOUT,
    State,
)

SAVINGS = 10.0
"""Retries that a budget lets its client save up, and has when the run begins."""


@kernel_step
def send(state: State, now: float, request: int) -> None:
    """Send the next attempt of a request, if the breaker of its client lets it through."""
    state.requests[request].sent = now
    if may_send(state, now, request):
        start_attempt(state, now, request)
    else:
        go_on_unanswered(state, now, request, REJECTED)


@kernel_step
def may_send(state: State, now: float, request: int) -> bool:
    """Whether the client of a request has no breaker, or one that lets an attempt through."""
    number = state.requests[request].load
    may = True
    if state.loads[number].trips_at > 0:
        may = lets_through(state, now, number)
    return may


@kernel_step
def start_attempt(state: State, now: float, request: int) -> None:
    """The next attempt of a request is on its way; a client stamps it and sets its timer."""
    load = state.loads[state.requests[request].load]
    attempt = new_attempt(state, now, request, PENDING)
    state.requests[request].attempts += 1
    state.requests[request].pending += 1
    if load.client >= 0:
        state.stamps[attempt, load.client] = state.settings[load.client]
        if load.trips_at > 0:
            state.attempts[attempt].regime = state.loads[load.shared].regime
        if load.timeout < math.inf:
            set_timer(state, attempt)
            if load.deadline:
                state.attempts[attempt].deadline = now + load.timeout
        if state.requests[request].hedged < load.hedges:
            plan_hedge(state, now, request)
    put(state, new_token(state, attempt), load.hop)


@kernel_call
def resend(state: State, now: float, request: int) -> None:
    """A client tries again, unless the request is over."""
    if state.requests[request].state == PENDING:
        send(state, now, request)
    drop_request(state, request)


@kernel_call
def plan_hedge(state: State, now: float, slot: int) -> None:
    """If the request is unanswered for long, another attempt will join the one just sent."""
    request = state.requests[slot]
    request.references += 1
    later = now + state.loads[request.load].hedge_after
    push(state, later, HEDGE, slot, request.id, request.attempts, 0)


@kernel_call
def hedge(state: State, now: float, slot: int) -> None:
    """Send another attempt, if all those sent are under way still and none has been a retry.

    One that the breaker doesn't let through is not missed: the others may bring the answer.
    """
    request = state.requests[slot]
    waits = request.state == PENDING and request.pending == 1 + request.hedged
    if waits and request.retried == 0 and may_send(state, now, slot):
        request.hedged += 1
        request.sent = now
        start_attempt(state, now, slot)
    drop_request(state, slot)


@kernel_step
def set_timer(state: State, attempt: int) -> None:
    """The attempt joins the timers of its load.

    One load has one timeout, so its timers run out in the order in which they were set: only the
    first stands on the heap, and one whose attempt is answered in time never comes there.
    """
    state.attempts[attempt].references += 1
    state.attempts[attempt].next = -1
    load = state.loads[state.requests[state.attempts[attempt].request].load]
    if load.first_timer < 0:
        load.first_timer = attempt
        start_timer(state, attempt)
    else:
        state.attempts[load.last_timer].next = attempt
    load.last_timer = attempt


@kernel_call
def start_timer(state: State, slot: int) -> None:
    """Put the timer of an attempt on the heap."""
    attempt = state.attempts[slot]
    request = state.requests[attempt.request]
    time = attempt.sent + state.loads[request.load].timeout
    push(state, time, TIMEOUT, slot, request.id, attempt.number, 0)


@kernel_call
def time_out(state: State, now: float, attempt: int) -> None:
    """The first timer of a load runs out; the next is that of an attempt still unanswered."""
    load = state.loads[state.requests[state.attempts[attempt].request].load]
    fail(state, now, attempt, TIMED_OUT)
    while load.first_timer >= 0 and state.attempts[load.first_timer].state != PENDING:
        over = load.first_timer
        load.first_timer = state.attempts[over].next
        drop_attempt(state, over)
    if load.first_timer >= 0:
        start_timer(state, load.first_timer)


@kernel_call
def fail(state: State, now: float, attempt: int, outcome: int) -> None:
    """An attempt fails, once: its client tries again, or the request ends with this outcome.

    Attempts that were given up before, and asides, fail without anybody noticing. A branch may fail
    the attempt to which it belongs.
    """
    if state.attempts[attempt].state == CALLED:
        fail_branch(state, now, attempt, outcome)
    else:
        fail_attempt(state, now, attempt, outcome)


@kernel_call
def fail_branch(state: State, now: float, child: int, outcome: int) -> None:
    """A branch fails, and with it those that can't do without."""
    held = False
    while child >= 0 and state.attempts[child].state == CALLED:
        state.attempts[child].state = outcome
        parent = miss(state, now, child, outcome)
        if held:
            drop_attempt(state, child)
        child, held = parent, True
    if child >= 0:
        fail_attempt(state, now, child, outcome)
        drop_attempt(state, child)


@kernel_call
def fail_attempt(state: State, now: float, attempt: int, outcome: int) -> None:
    """An attempt of a client, or of nobody, fails."""
    if state.attempts[attempt].state != PENDING:
        return
    state.attempts[attempt].state = outcome
    slot = state.attempts[attempt].request
    request = state.requests[slot]
    request.pending -= 1
    load = state.loads[request.load]
    if load.trips_at > 0:
        learn(state, now, attempt, False)
    if load.cancels:
        call_off(state, now, slot)
    if request.state == PENDING and request.pending == 0:
        go_on_unanswered(state, now, slot, outcome)


@kernel_call
def go_on_unanswered(state: State, now: float, slot: int, outcome: int) -> None:
    """No attempt of the request is under way: there will be another, or the request ends."""
    request = state.requests[slot]
    load = state.loads[request.load]
    if request.retried < load.retries and may_retry(state, request.load):
        again = now + backoff_of(state, slot)
        request.retried += 1
        request.references += 1
        push(state, again, RESEND, slot, request.id, request.attempts, 0)
        if state.expected.shape[1] > 0:
            foretell(state, slot, again)
    else:
        request.state = FALLBACK if load.falls_back else outcome
        log_failure(state, now, slot, request.state)
        if load.ways > 0:
            go_on(state, now, slot)


@kernel_entry
def foretell_attempts(table: Table) -> None:
    """When the next attempt of each request will be sent: the first of a person who still thinks,
    another one if nobody answers.
    """
    state = state_at(table)
    for slot in range(state.requests.size):
        request = state.requests[slot]
        if request.references == 0 or request.state != PENDING:
            continue
        if request.attempts == 0 and request.arrival > state.clock[0]:
            foretell(state, slot, request.arrival)
        elif request.pending > 0:
            times_out = request.sent + state.loads[request.load].timeout
            foretell(state, slot, times_out + backoff_of(state, slot))


@kernel_call
def may_retry(state: State, load: int) -> bool:
    """Whether the budget of a load's client allows a retry, which is then paid for."""
    client = state.loads[state.loads[load].shared]
    if client.budget == math.inf:
        return True
    if client.savings < 1.0:
        return False
    client.savings -= 1.0
    return True


@kernel_call
def save_for_retries(state: State, load: int) -> None:
    """A new request allows its client a share of a retry."""
    client = state.loads[state.loads[load].shared]
    client.savings = min(client.savings + client.budget, SAVINGS)


@kernel_call
def backoff_of(state: State, slot: int) -> float:
    """Seconds until the next attempt of a request."""
    request = state.requests[slot]
    load = state.loads[request.load]
    wait: float = load.backoff_a
    if load.backoff != CONSTANT:
        luck = uniform_at(load.backoff_key, request.id, request.retried)
        wait = duration(load.backoff, load.backoff_a, load.backoff_b, luck)
    for _ in range(request.retried):
        wait *= load.growth
    wait = min(wait, load.cap)
    if load.jitter:
        wait *= uniform_at(load.key, request.id, request.retried)
    return wait


@kernel_step
def succeed(state: State, now: float, slot: int) -> None:
    """An attempt brings the answer; if its request has been over before, nobody cares."""
    attempt = state.attempts[slot]
    attempt.state = OK
    request = state.requests[attempt.request]
    request.pending -= 1
    load = state.loads[request.load]
    if load.trips_at > 0:
        learn(state, now, slot, True)
    if request.state == PENDING:
        request.state = OK
        log_answer(state, now, slot, NOWHERE)
        if load.ways > 0:
            go_on(state, now, attempt.request)
        if load.cancels and request.pending > 0:
            call_off(state, now, attempt.request)


@kernel_call
def watch_person(state: State, slot: int) -> None:
    """The person of a request joins those of its load who will leave.

    Where one load has one patience, they leave in the order in which they came: only the first
    stands on the heap, and one whose request is over in time never comes there.
    """
    request = state.requests[slot]
    request.references += 1
    request.next = -1
    load = state.loads[request.load]
    if load.patience_law != CONSTANT:
        watch_departure(state, slot, drawn_patience(state, slot))
        return
    if load.first_leaver < 0:
        load.first_leaver = slot
        watch_departure(state, slot, load.patience)
    else:
        state.requests[load.last_leaver].next = slot
    load.last_leaver = slot


@kernel_step
def drawn_patience(state: State, slot: int) -> float:
    """How long the person of a request waits for its answer."""
    request = state.requests[slot]
    load = state.loads[request.load]
    luck = uniform_at(load.patience_key, request.id, 0)
    patience: float = duration(load.patience_law, load.patience, load.patience_b, luck)
    return patience


@kernel_call
def watch_departure(state: State, slot: int, patience: float) -> None:
    """Put the departure of a request's person on the heap."""
    request = state.requests[slot]
    push(state, request.arrival + patience, DEPARTURE, slot, request.id, 0, 0)


@kernel_call
def depart(state: State, now: float, slot: int) -> None:
    """A person has waited long enough, and leaves."""
    load = state.loads[state.requests[slot].load]
    if state.requests[slot].state == PENDING:
        state.requests[slot].state = ABANDONED
        log_failure(state, now, slot, ABANDONED)
        if load.ways > 0:
            go_on(state, now, slot)
        if load.cancels:
            call_off(state, now, slot)
    if load.patience_law != CONSTANT:
        drop_request(state, slot)
    while load.first_leaver >= 0 and state.requests[load.first_leaver].state != PENDING:
        gone = load.first_leaver
        load.first_leaver = state.requests[gone].next
        drop_request(state, gone)
    if load.first_leaver >= 0:
        watch_departure(state, load.first_leaver, load.patience)
