"""Lines of waiting tokens: in at the tail, out at the head, and out after too long a wait."""

import math

from mlsim.engine.events import push
from mlsim.engine.jit import kernel_call, kernel_step
from mlsim.engine.state import EXPIRY, SHARED, WAITING, State


@kernel_step
def line_of(state: State, index: int, replica: int) -> int:
    """Number of the line that a replica of station `index` takes from."""
    number = index
    if state.stations[index].balancing != SHARED:
        number += replica * state.stations.size
    return number


@kernel_step
def station_of(state: State, number: int) -> int:
    """The station that a line leads to."""
    index: int = number % state.stations.size
    return index


@kernel_call
def watch(state: State, time: float, kind: int, number: int) -> None:
    """Put an event about a line on the heap."""
    push(state.heap, state.tally, time, kind, number, number, 0, 0)


@kernel_step
def stand_in_line(state: State, token: int, index: int, number: int) -> None:
    """The token becomes the last in a line, which leads to station `index`."""
    line, visit = state.lines[number], state.tokens[token]
    visit.state = WAITING
    visit.next = -1
    visit.previous = line.tail
    if line.waiting == 0:
        line.head = token
    else:
        state.tokens[line.tail].next = token
    line.tail = token
    line.waiting += 1
    if state.stations[index].patience < math.inf:
        watch_line(state, number)


@kernel_step
def take_head(state: State, number: int) -> int:
    """The token that has waited longest leaves a line."""
    line = state.lines[number]
    token: int = line.head
    line.head = state.tokens[token].next
    line.waiting -= 1
    return token


@kernel_call
def leave_line(state: State, token: int, index: int) -> None:
    """The token leaves the line that it stands in, wherever in it that is."""
    visit = state.tokens[token]
    number = line_of(state, index, visit.replica)
    line = state.lines[number]
    if line.head == token:
        take_head(state, number)
        return
    state.tokens[visit.previous].next = visit.next
    if line.tail == token:
        line.tail = visit.previous
    else:
        state.tokens[visit.next].previous = visit.previous
    line.waiting -= 1


@kernel_call
def watch_line(state: State, number: int) -> None:
    """See to it that the heap holds the event at which the head of a line loses patience.

    All at one station have the same patience, so the head is always the first to lose it. If it is
    served before, the event finds another head and moves on to the end of that one's patience.
    """
    line = state.lines[number]
    if line.waiting > 0 and not line.expires:
        line.expires = 1
        patience = state.stations[station_of(state, number)].patience
        watch(state, state.tokens[line.head].arrival + patience, EXPIRY, number)
