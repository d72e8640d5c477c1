"""What clients do: send attempts, wait for them, give up, try again, leave."""

import math

from mlsim.engine.events import push
from mlsim.engine.jit import kernel_call, kernel_step
from mlsim.engine.logs import log_failure
from mlsim.engine.slots import drop_attempt, drop_request, new_attempt, new_token, put
from mlsim.engine.state import (
    ABANDONED,
    DEPARTURE,
    PENDING,
    RESEND,
    TIMED_OUT,
    TIMEOUT,
    State,
)


@kernel_step
def send(state: State, now: float, request: int) -> None:
    """Start the next attempt of a request; a client stamps it and sets its timer."""
    load = state.loads[state.requests[request].load]
    attempt = new_attempt(state, now, request, PENDING)
    state.requests[request].attempts += 1
    state.requests[request].sent = now
    if load.client >= 0:
        state.stamps[attempt, load.client] = state.settings[load.client]
        if load.timeout < math.inf:
            set_timer(state, attempt)
    put(state, new_token(state, attempt), load.hop)


@kernel_call
def resend(state: State, now: float, request: int) -> None:
    """A client tries again, unless the request is over."""
    if state.requests[request].state == PENDING:
        send(state, now, request)
    drop_request(state, request)


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
    push(state.heap, state.tally, time, TIMEOUT, slot, request.id, attempt.number, 0)


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

    Attempts that were given up before, and asides, fail without anybody noticing.
    """
    if state.attempts[attempt].state != PENDING:
        return
    state.attempts[attempt].state = outcome
    slot = state.attempts[attempt].request
    request = state.requests[slot]
    if request.state != PENDING:
        return
    load = state.loads[request.load]
    if state.attempts[attempt].number < load.retries:
        request.references += 1
        again = now + load.backoff
        push(state.heap, state.tally, again, RESEND, slot, request.id, request.attempts, 0)
    else:
        request.state = outcome
        log_failure(state, now, slot, outcome)


@kernel_call
def watch_person(state: State, slot: int) -> None:
    """The person of a request joins those of its load who will leave.

    One load has one patience, so they leave in the order in which they came: only the first stands
    on the heap, and one whose request is over in time never comes there.
    """
    request = state.requests[slot]
    request.references += 1
    request.next = -1
    load = state.loads[request.load]
    if load.first_leaver < 0:
        load.first_leaver = slot
        watch_first_leaver(state, slot)
    else:
        state.requests[load.last_leaver].next = slot
    load.last_leaver = slot


@kernel_call
def watch_first_leaver(state: State, slot: int) -> None:
    """Put the departure of a request's person on the heap."""
    request = state.requests[slot]
    time = request.arrival + state.loads[request.load].patience
    push(state.heap, state.tally, time, DEPARTURE, slot, request.id, 0, 0)


@kernel_call
def depart(state: State, now: float, slot: int) -> None:
    """A person has waited long enough, and leaves; work under way goes on."""
    load = state.loads[state.requests[slot].load]
    if state.requests[slot].state == PENDING:
        state.requests[slot].state = ABANDONED
        log_failure(state, now, slot, ABANDONED)
    while load.first_leaver >= 0 and state.requests[load.first_leaver].state != PENDING:
        gone = load.first_leaver
        load.first_leaver = state.requests[gone].next
        drop_request(state, gone)
    if load.first_leaver >= 0:
        watch_first_leaver(state, load.first_leaver)
