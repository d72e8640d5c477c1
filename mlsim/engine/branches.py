"""Branches with attempts of their own: calls of others, and forks that don't wait for all.

Who calls stays where it is, as a token that *awaits*: a worker that calls others is held until they
have answered, and a fork waits until enough of its branches are back. Each branch is an attempt in
the state CALLED, with its own copy of the stamps: what it brings counts when it is back, and not
before. A branch that fails fails whoever called, unless enough others can still come back.
"""

from mlsim.engine.caching import keep
from mlsim.engine.events import push
from mlsim.engine.jit import kernel_call
from mlsim.engine.luck import path_of
from mlsim.engine.routes import SPLIT, VISIT
from mlsim.engine.slots import drop_token, new_attempt, new_token, put
from mlsim.engine.stamps import bring
from mlsim.engine.state import (
    AWAITING,
    CALLED,
    CANCELLATION,
    CANCELLED,
    COMPLETION,
    IN_SERVICE,
    OK,
    PENDING,
    State,
)


@kernel_call
def split(state: State, token: int, hop: int) -> None:
    """A fork that waits for some of its branches."""
    at, visit = state.hops[hop], state.tokens[token]
    visit.state, visit.calls = AWAITING, 0
    visit.awaits, visit.returned = at.count, 0
    for branch in range(at.count):
        call(state, token, state.targets[at.first + branch])


@kernel_call
def call(state: State, token: int, hop: int) -> None:
    """Begin a branch at `hop`, on behalf of a token."""
    parent = state.tokens[token].attempt
    attempt = state.attempts[parent]
    child = new_attempt(state, attempt.sent, attempt.request, CALLED)
    state.attempts[child].number = attempt.number
    state.attempts[child].path = path_of(state, token)
    state.attempts[child].deadline = attempt.deadline
    state.attempts[child].caller = token
    copy_row(state, parent, child)
    put(state, new_token(state, child), hop)


@kernel_call
def copy_row(state: State, of: int, to: int) -> None:
    """An attempt carries what another one has met."""
    for name in range(state.stamps.shape[1]):
        state.stamps[to, name] = state.stamps[of, name]
    for place in range(state.answers.shape[1]):
        state.answers[to, place] = state.answers[of, place]
    for question in range(state.told.shape[1]):
        state.told[to, question] = state.told[of, question]


@kernel_call
def come_back(state: State, now: float, token: int, hop: int) -> None:
    """A branch has reached its end; whoever called goes on if that is enough."""
    child = state.tokens[token].attempt
    if state.attempts[child].state == CALLED:
        state.attempts[child].state = OK
        caller = state.attempts[child].caller
        visit, at = state.tokens[caller], state.hops[state.tokens[caller].hop]
        visit.awaits -= 1
        if at.kind == VISIT:
            if visit.state == IN_SERVICE and not visit.ghost:
                bring(state, state.stamps, child, state.stamps, visit.attempt, hop)
            if visit.state == IN_SERVICE and state.stations[at.station].cache >= 0:
                keep(state, now, at.station, child, hop)
            end_of_call(state, now, caller, OK)
        else:
            visit.returned += 1
            if visit.state == AWAITING and visit.returned <= at.need:
                bring(state, state.stamps, child, state.stamps, visit.attempt, hop)
                if visit.returned == at.need:
                    put(state, new_token(state, visit.attempt), at.next)
                    settle_rest(state, now, caller)
            if visit.awaits == 0:
                drop_token(state, caller)
    drop_token(state, token)


@kernel_call
def end_of_call(state: State, now: float, token: int, outcome: int) -> None:
    """A worker that called others is free again at this instant: its visit ends."""
    visit = state.tokens[token]
    visit.fate = outcome
    attempt = state.attempts[visit.attempt]
    entity = state.requests[attempt.request].id
    push(state, now, COMPLETION, token, entity, attempt.number, visit.hop)


@kernel_call
def settle_rest(state: State, now: float, caller: int) -> None:
    """Enough branches are back, or too few can come: cancel the rest, if that was asked for."""
    visit = state.tokens[caller]
    if not state.hops[visit.hop].cancels or visit.awaits == 0:
        return
    slot = state.attempts[visit.attempt].request
    child = state.requests[slot].youngest
    while child >= 0:
        if state.attempts[child].state == CALLED and state.attempts[child].caller == caller:
            state.attempts[child].state = CANCELLED
            visit.awaits -= 1
        child = state.attempts[child].elder
    call_off(state, now, slot)


@kernel_call
def miss(state: State, now: float, child: int, outcome: int) -> int:
    """A branch has failed. Gives the attempt that fails by it, held by one reference, or -1."""
    caller = state.attempts[child].caller
    visit, at = state.tokens[caller], state.hops[state.tokens[caller].hop]
    visit.awaits -= 1
    if at.kind == VISIT:
        end_of_call(state, now, caller, outcome)
        return -1
    failing = -1
    if visit.state == AWAITING and visit.returned + visit.awaits == at.need - 1:
        failing = visit.attempt
        state.attempts[failing].references += 1
        settle_rest(state, now, caller)
    if visit.awaits == 0:
        drop_token(state, caller)
    return failing


@kernel_call
def forget(state: State, now: float, child: int) -> None:
    """A branch has been cancelled along with whoever called it."""
    caller = state.attempts[child].caller
    visit = state.tokens[caller]
    visit.awaits -= 1
    if state.hops[visit.hop].kind == SPLIT:
        if visit.awaits == 0:
            drop_token(state, caller)
    else:
        end_of_call(state, now, caller, CANCELLED)


@kernel_call
def is_void(state: State, attempt: int, slot: int) -> bool:
    """Whether nobody waits for an attempt any more, and its work is to be cancelled."""
    request = state.requests[slot]
    cancels = state.loads[request.load].cancels
    while True:
        status = state.attempts[attempt].state
        if status == CANCELLED:
            return True
        if status == CALLED:
            attempt = state.tokens[state.attempts[attempt].caller].attempt
        elif status == PENDING:
            return bool(cancels and request.state != PENDING)
        else:
            return bool(cancels and 0 < status < PENDING)


@kernel_call
def call_off(state: State, now: float, slot: int) -> None:
    """What nobody waits for any more of a request's work is cancelled, at this instant.

    As an event of its own: so all is at rest in lines and workers when it is taken back.
    """
    request = state.requests[slot]
    request.references += 1
    push(state, now, CANCELLATION, slot, request.id, request.attempts, 0)
