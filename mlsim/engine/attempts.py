"""What clients do: send attempts, wait for them, give up, try again."""

import math

from mlsim.engine.events import push
from mlsim.engine.jit import kernel_call, kernel_step
from mlsim.engine.logs import log_row
from mlsim.engine.slots import drop_attempt, new_attempt, new_token, put
from mlsim.engine.state import NOWHERE, PENDING, RESEND, TIMED_OUT, TIMEOUT, State


@kernel_step
def send(state: State, now: float, request: int) -> None:
    """Start the next attempt of a request; a client stamps it and sets its timer."""
    load = state.loads[state.requests[request].load]
    attempt = new_attempt(state, now, request, PENDING)
    state.requests[request].attempts += 1
    if load.client >= 0:
        state.stamps[attempt, load.client] = state.settings[load.client]
        if load.timeout < math.inf:
            set_timer(state, attempt)
    put(state, new_token(state, attempt), load.hop)


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
    load = state.loads[request.load]
    if state.attempts[attempt].number < load.retries:
        request.references += 1
        again = now + load.backoff
        push(state.heap, state.tally, again, RESEND, slot, request.id, request.attempts, 0)
    else:
        log_row(state, now, attempt, NOWHERE, outcome)
