"""Slots of the pools: taken from a free list, given back when nothing refers to them any more.

A token keeps its attempt alive, and so does a timer; an attempt keeps its request alive, and so
does a coming retry. The `next` of a free slot says how many slots after the one behind it the next
free one is: so memory that nobody has touched is a list of free slots, and costs nothing.
"""

import math

from mlsim.engine.arrivals import LOAD_SHIFT
from mlsim.engine.jit import kernel_call, kernel_step
from mlsim.engine.questions import expect
from mlsim.engine.state import (
    ATTEMPTS_USED,
    CANCELS,
    FREE_ATTEMPT,
    FREE_REQUEST,
    FREE_TOKEN,
    LOST,
    MOVES,
    PENDING,
    REQUESTS_USED,
    TOKENS_USED,
    State,
)


@kernel_step
def new_request(state: State, entity: int, arrival: float) -> int:
    """A slot for a request that will arrive at a time; whoever made it refers to it."""
    tally = state.tally
    slot: int = tally[FREE_REQUEST]
    request = state.requests[slot]
    tally[FREE_REQUEST] = slot + 1 + request.next
    tally[REQUESTS_USED] += 1
    request.id = entity
    request.load = entity >> LOAD_SHIFT
    request.attempts = 0
    request.references = 1
    request.pending = request.retried = request.hedged = 0
    request.youngest = -1
    request.state = PENDING
    request.drew = 0
    request.arrival = arrival
    for place in range(state.expected.shape[1]):
        state.expected[slot, place] = -1
    return slot


@kernel_step
def new_attempt(state: State, sent: float, request: int, status: int) -> int:
    """A slot for an attempt that has met nothing yet; it keeps its request alive."""
    tally = state.tally
    slot: int = tally[FREE_ATTEMPT]
    attempt = state.attempts[slot]
    tally[FREE_ATTEMPT] = slot + 1 + attempt.next
    tally[ATTEMPTS_USED] += 1
    attempt.request = request
    attempt.number = state.requests[request].attempts
    attempt.path = 0
    attempt.state = status
    attempt.references = 0
    attempt.sent = sent
    attempt.deadline = math.inf
    attempt.youngest = -1
    if tally[CANCELS]:
        attempt.elder = state.requests[request].youngest
        state.requests[request].youngest = slot
    for name in range(state.stamps.shape[1]):
        state.stamps[slot, name] = -1
    for join in range(state.joined.shape[1]):
        state.joined[slot, join] = 0
    if state.answers.shape[1] > 0:
        expect(state, slot)
    state.requests[request].references += 1
    return slot


@kernel_step
def new_token(state: State, attempt: int) -> int:
    """A slot for a token; it keeps its attempt alive."""
    tally = state.tally
    slot: int = tally[FREE_TOKEN]
    tally[FREE_TOKEN] = slot + 1 + state.tokens[slot].next
    tally[TOKENS_USED] += 1
    state.tokens[slot].attempt = attempt
    state.tokens[slot].ghost = 0
    state.tokens[slot].calls = 0
    state.tokens[slot].called = 0
    forget_crashes(state, slot)
    if tally[CANCELS]:
        state.tokens[slot].elder = state.attempts[attempt].youngest
        state.attempts[attempt].youngest = slot
    state.attempts[attempt].references += 1
    return slot


@kernel_step
def forget_crashes(state: State, token: int) -> None:
    """What crashes have done to a visit says nothing of the next one."""
    state.tokens[token].crashes = 0
    state.tokens[token].left = 1.0


@kernel_step
def drop_token(state: State, token: int) -> None:
    """A token goes nowhere any more."""
    tally = state.tally
    if tally[CANCELS]:
        unlink_token(state, token)
    drop_attempt(state, state.tokens[token].attempt)
    state.tokens[token].state = LOST  # not WAITING: its patience may still come to an end
    state.tokens[token].next = tally[FREE_TOKEN] - token - 1
    tally[FREE_TOKEN] = token
    tally[TOKENS_USED] -= 1


@kernel_step
def drop_attempt(state: State, slot: int) -> None:
    """Let go of an attempt; the last to do so recycles it."""
    tally = state.tally
    attempt = state.attempts[slot]
    attempt.references -= 1
    if attempt.references == 0:
        if tally[CANCELS]:
            unlink_attempt(state, slot)
        drop_request(state, attempt.request)
        attempt.next = tally[FREE_ATTEMPT] - slot - 1
        tally[FREE_ATTEMPT] = slot
        tally[ATTEMPTS_USED] -= 1


@kernel_call
def unlink_token(state: State, token: int) -> None:
    """Take a token out of the list of those that its attempt has."""
    attempt = state.attempts[state.tokens[token].attempt]
    if attempt.youngest == token:
        attempt.youngest = state.tokens[token].elder
        return
    after = attempt.youngest
    while state.tokens[after].elder != token:
        after = state.tokens[after].elder
    state.tokens[after].elder = state.tokens[token].elder


@kernel_call
def unlink_attempt(state: State, slot: int) -> None:
    """Take an attempt out of the list of those that its request has."""
    request = state.requests[state.attempts[slot].request]
    if request.youngest == slot:
        request.youngest = state.attempts[slot].elder
        return
    after = request.youngest
    while state.attempts[after].elder != slot:
        after = state.attempts[after].elder
    state.attempts[after].elder = state.attempts[slot].elder


@kernel_step
def drop_request(state: State, slot: int) -> None:
    """Let go of a request; the last to do so recycles it."""
    tally = state.tally
    request = state.requests[slot]
    request.references -= 1
    if request.references == 0:
        request.next = tally[FREE_REQUEST] - slot - 1
        tally[FREE_REQUEST] = slot
        tally[REQUESTS_USED] -= 1


@kernel_step
def put(state: State, token: int, hop: int) -> None:
    """Something to do at this instant: `token` goes on from `hop`."""
    k = state.tally[MOVES]
    state.agenda[2 * k] = token
    state.agenda[2 * k + 1] = hop
    state.tally[MOVES] = k + 1
