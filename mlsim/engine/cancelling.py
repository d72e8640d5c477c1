"""Cancelling: work that nobody waits for any more leaves lines and workers."""

from mlsim.engine.branches import forget, is_void
from mlsim.engine.breaker import forget_probe
from mlsim.engine.calls import end_call
from mlsim.engine.jit import kernel_call, kernel_step
from mlsim.engine.lines import leave_line
from mlsim.engine.logs import log_unserved, log_visit
from mlsim.engine.service import leave_worker
from mlsim.engine.sharing import catch_up, leave, plan
from mlsim.engine.slots import drop_attempt, drop_request, drop_token
from mlsim.engine.state import (
    ADRIFT,
    CALLED,
    CALLED_OFF,
    CANCELLED,
    IN_SERVICE,
    LOST,
    PENDING,
    VISIT_CANCELLED,
    WAITING,
    State,
)


@kernel_call
def cancel(state: State, now: float, slot: int) -> None:
    """Take back what the failed attempts of a request do still, and all if the request is over."""
    youngest = state.requests[slot].youngest
    # All are held meanwhile: a branch that is taken back may have been the last that kept whoever
    # called it alive, whose own end is still to be told.
    hold(state, youngest)
    attempt = youngest
    while attempt >= 0:
        if is_void(state, attempt, slot):
            end_attempt(state, now, attempt, slot)
            call_back(state, now, attempt)
        attempt = state.attempts[attempt].elder
    let_go(state, youngest)
    drop_request(state, slot)


@kernel_step
def hold(state: State, attempt: int) -> None:
    """Keep an attempt, and its elders, alive."""
    while attempt >= 0:
        state.attempts[attempt].references += 1
        attempt = state.attempts[attempt].elder


@kernel_step
def let_go(state: State, attempt: int) -> None:
    """Let go of an attempt, and of its elders."""
    while attempt >= 0:
        elder = state.attempts[attempt].elder
        drop_attempt(state, attempt)
        attempt = elder


@kernel_step
def end_attempt(state: State, now: float, attempt: int, slot: int) -> None:
    """An attempt that is under way still ends as cancelled."""
    status = state.attempts[attempt].state
    if status == PENDING:
        state.attempts[attempt].state = CANCELLED
        state.requests[slot].pending -= 1
        forget_probe(state, now, attempt)
    elif status == CALLED:
        state.attempts[attempt].state = CANCELLED
        forget(state, now, attempt)


@kernel_call
def call_back(state: State, now: float, attempt: int) -> None:
    """End the visits of an attempt: first those that wait, or one might begin to be served.

    Nor does it wait for calls that have got lost.
    """
    for status in (WAITING, IN_SERVICE):
        token = state.attempts[attempt].youngest
        while token >= 0:
            elder = state.tokens[token].elder
            if state.tokens[token].state == status:
                cancel_visit(state, now, token)
            elif state.tokens[token].state == ADRIFT:
                end_call(state, token, state.hops[state.tokens[token].hop].station)
                drop_token(state, token)
            token = elder


@kernel_call
def cancel_visit(state: State, now: float, token: int) -> None:
    """A visit that waits or is served ends here and now."""
    visit = state.tokens[token]
    index = state.hops[visit.hop].station
    state.stations[index].cancelled += 1
    end_call(state, token, index)
    if visit.state == WAITING:
        leave_line(state, token, index)
        log_unserved(state, now, token, VISIT_CANCELLED)
        drop_token(state, token)
    elif state.stations[index].sharing:
        place = visit.replica
        catch_up(state, now, index, place)
        leave(state, token, index)
        log_visit(state, now, token, index, VISIT_CANCELLED)
        drop_token(state, token)
        leave_worker(state, now, index, place)
        plan(state, now, index, place)
    elif state.stations[index].batch > 1:
        visit.state = CALLED_OFF
        log_visit(state, now, token, index, VISIT_CANCELLED)
    else:
        # The end of its service is on the heap still, and lets go of it.
        visit.state = LOST
        log_visit(state, now, token, index, VISIT_CANCELLED)
        leave_worker(state, now, index, visit.replica)
