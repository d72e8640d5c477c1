"""Lines of waiting tokens: in at the tail, out at the head, and out after too long a wait."""

import math

from mlsim.engine.events import push
from mlsim.engine.jit import kernel_call, kernel_step
from mlsim.engine.state import EXPIRY, WAITING, State


@kernel_step
def stand_in_line(state: State, token: int, index: int) -> None:
    """The token becomes the last in line at station `index`."""
    station = state.stations[index]
    state.tokens[token].state = WAITING
    state.tokens[token].next = -1
    state.tokens[token].previous = station.tail
    if station.waiting == 0:
        station.head = token
    else:
        state.tokens[station.tail].next = token
    station.tail = token
    station.waiting += 1
    if station.patience < math.inf:
        watch_line(state, index)


@kernel_step
def take_head(state: State, index: int) -> int:
    """The token that has waited longest leaves the line of station `index`."""
    station = state.stations[index]
    token: int = station.head
    station.head = state.tokens[token].next
    station.waiting -= 1
    return token


@kernel_call
def leave_line(state: State, token: int, index: int) -> None:
    """The token leaves the line of station `index`, wherever in it it stands."""
    station, visit = state.stations[index], state.tokens[token]
    if station.head == token:
        take_head(state, index)
        return
    state.tokens[visit.previous].next = visit.next
    if station.tail == token:
        station.tail = visit.previous
    else:
        state.tokens[visit.next].previous = visit.previous
    station.waiting -= 1


@kernel_call
def watch_line(state: State, index: int) -> None:
    """See to it that the heap holds the event at which the head of the line loses patience.

    All at one station have the same patience, so the head is always the first to lose it. If it is
    served before, the event finds another head and moves on to the end of that one's patience.
    """
    station = state.stations[index]
    if station.waiting > 0 and not station.expires:
        station.expires = 1
        time = state.tokens[station.head].arrival + station.patience
        push(state.heap, state.tally, time, EXPIRY, index, 0, 0, index)
