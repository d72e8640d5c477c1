"""Calls of stations: what comes of a visit that brings nothing, or nothing in time."""

import math

from mlsim.engine.attempts import fail
from mlsim.engine.branches import is_void
from mlsim.engine.events import push
from mlsim.engine.jit import kernel_call, kernel_step
from mlsim.engine.lines import TICKET_SHIFT, leave_line, station_of, still_waits, watch_line
from mlsim.engine.logs import log_unserved
from mlsim.engine.slots import drop_token, forget_crashes, new_token, put
from mlsim.engine.state import (
    ADRIFT,
    CALL_TIMEOUT,
    CALLED,
    PENDING,
    REJECTED,
    TIMED_OUT,
    VISIT_EXPIRED,
    VISIT_LOST,
    State,
)

CALL_BITS = 7
"""Room for the calls of a layer in a token's `calls`: the first layer in the lowest bits."""


@kernel_call
def give_up_visit(state: State, now: float, token: int, outcome: int) -> None:
    """Whoever called goes on without the visit, or fails; the token is left to the visit alone."""
    visit = state.tokens[token]
    if visit.ghost:
        return
    visit.ghost = 1
    hop, calls = state.hops[visit.hop], visit.calls
    again = call_again(state, token)
    if again >= 0:
        go_on_from(state, token, again)
        visit.calls = calls  # its work, which goes on, is still that of the call before
    elif state.stations[hop.station].optional:
        state.stamps[visit.attempt, hop.station] = -1
        go_on_from(state, token, hop.next)
    else:
        fail(state, now, visit.attempt, outcome)


@kernel_step
def go_on_from(state: State, token: int, hop: int) -> int:
    """The token that goes on from `hop`, and leaves the one that came to its visit."""
    other = new_token(state, state.tokens[token].attempt)
    state.tokens[other].calls = state.tokens[token].calls
    put(state, other, hop)
    return other


@kernel_step
def call_again(state: State, token: int) -> int:
    """The hop at which a visit that brought nothing is called again, or -1 if nobody does."""
    again = -1
    if state.hops[state.tokens[token].hop].again >= 0:
        again = layer_that_calls(state, token)
    return again


@kernel_call
def layer_that_calls(state: State, token: int) -> int:
    """Where the innermost layer of callers that has not given up yet calls again; it is counted.

    The layers before it count on; those behind it begin anew. What nobody needs is called again by
    its own caller only.
    """
    visit = state.tokens[token]
    if is_void(state, visit.attempt, state.attempts[visit.attempt].request):
        return -1
    optional = state.stations[state.hops[visit.hop].station].optional
    hop = state.hops[visit.hop].again
    while hop >= 0 and (hop == visit.hop or not optional):
        shift = CALL_BITS * state.hops[hop].layer
        called = (visit.calls >> shift) & ((1 << CALL_BITS) - 1)
        if called < state.stations[state.hops[hop].station].retries:
            visit.calls = (visit.calls & ((1 << shift) - 1)) | ((called + 1) << shift)
            return int(state.hops[hop].entry)
        hop = state.hops[hop].outer
    return -1


@kernel_call
def get_lost(state: State, now: float, token: int, index: int) -> bool:
    """A call never arrives; whether who made it will wait, or knows at once."""
    station, visit = state.stations[index], state.tokens[token]
    station.arrived += 1
    station.lost += 1
    visit.arrival = now
    forget_crashes(state, token)
    log_unserved(state, now, token, VISIT_LOST)
    start_call(state, token, index)
    return waits_in_vain(state, token, index)


@kernel_call
def waits_in_vain(state: State, token: int, index: int) -> bool:
    """No answer will come: whether who called waits for it nevertheless, or knows at once.

    Who would wait for ever knows at once.
    """
    visit = state.tokens[token]
    attempt = state.attempts[visit.attempt]
    if state.stations[index].timeout < math.inf:
        visit.state = ADRIFT
        return True
    # A worker waits for a branch that was called, and would never be free again.
    waits = attempt.state != CALLED
    if attempt.state == PENDING:
        waits = waits_so_long(state, attempt.request)
    if waits:
        drop_token(state, token)
    return bool(waits)


@kernel_step
def waits_so_long(state: State, request: int) -> bool:
    """Whether the client of a request gives up at some time."""
    return bool(state.loads[state.requests[request].load].timeout < math.inf)


@kernel_call
def expire(state: State, now: float, number: int) -> None:
    """The head of a line has lost patience and leaves, unless it came later than was thought."""
    index = station_of(state, number)
    station, line = state.stations[index], state.lines[number]
    line.expires = 0
    if line.waiting > 0 and state.tokens[line.head].arrival + station.patience <= now:
        leave_unserved(state, now, line.head, index)
    watch_line(state, number)


@kernel_call
def renege(state: State, now: float, slot: int) -> None:
    """The patience that somebody has drawn is at its end, and so is the wait if it still lasts."""
    token, ticket = slot & ((1 << TICKET_SHIFT) - 1), slot >> TICKET_SHIFT
    if still_waits(state, token, ticket):
        leave_unserved(state, now, token, state.hops[state.tokens[token].hop].station)


@kernel_call
def leave_unserved(state: State, now: float, token: int, index: int) -> None:
    """Somebody has lost patience and leaves the line."""
    leave_line(state, token, index)
    end_call(state, token, index)
    state.stations[index].expired += 1
    log_unserved(state, now, token, VISIT_EXPIRED)
    give_up_visit(state, now, token, REJECTED)
    drop_token(state, token)


@kernel_step
def start_call(state: State, token: int, index: int) -> None:
    """The visit joins those that the station's timeout bounds, if it has one."""
    station = state.stations[index]
    if station.timeout < math.inf:
        visit = state.tokens[token]
        visit.sooner, visit.later = station.last_call, -1
        if station.last_call < 0:
            station.first_call = token
        else:
            state.tokens[station.last_call].later = token
        station.last_call = token
        watch_calls(state, index)


@kernel_step
def end_call(state: State, token: int, index: int) -> None:
    """Nobody waits for the visit any more: it has ended, or its caller has given up."""
    if state.stations[index].timeout < math.inf and not state.tokens[token].ghost:
        forget_call(state, token, index)


@kernel_call
def forget_call(state: State, token: int, index: int) -> None:
    """Take a visit out of those that the station's timeout bounds."""
    station, visit = state.stations[index], state.tokens[token]
    if visit.sooner < 0:
        station.first_call = visit.later
    else:
        state.tokens[visit.sooner].later = visit.later
    if visit.later < 0:
        station.last_call = visit.sooner
    else:
        state.tokens[visit.later].sooner = visit.sooner


@kernel_call
def time_out_call(state: State, now: float, index: int) -> None:
    """The oldest call has taken too long, unless it came later than was thought."""
    station = state.stations[index]
    station.call_times_out = 0
    token = station.first_call
    if token >= 0 and state.tokens[token].arrival + station.timeout <= now:
        forget_call(state, token, index)
        give_up_visit(state, now, token, TIMED_OUT)
        if state.tokens[token].state == ADRIFT:
            drop_token(state, token)
    watch_calls(state, index)


@kernel_call
def watch_calls(state: State, index: int) -> None:
    """See to it that the heap holds the event at which the oldest call has taken too long.

    One station has one timeout, so its calls run out in the order in which they were made.
    """
    station = state.stations[index]
    if station.first_call >= 0 and not station.call_times_out:
        station.call_times_out = 1
        time = state.tokens[station.first_call].arrival + station.timeout
        push(state, time, CALL_TIMEOUT, index, index, 0, 0)
