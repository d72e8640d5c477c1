"""Lines of waiting tokens: in at the tail, out at the head, and out after too long a wait."""

import math

from mlsim.engine.draws import CONSTANT, duration
from mlsim.engine.events import push
from mlsim.engine.jit import kernel_call, kernel_step
from mlsim.engine.luck import luck_of
from mlsim.engine.state import EXPIRY, LANES, RENEGING, SHARED, TICKETS, WAITING, State

TICKET_SHIFT = 32
"""A reneging is about a token, and above these bits about the ticket that it then had."""


@kernel_step
def line_of(state: State, index: int, replica: int) -> int:
    """Number of the line that a replica of station `index` takes from."""
    number = index
    if state.stations[index].balancing != SHARED:
        number += replica * state.stations.size * state.tally[LANES]
    return number


@kernel_step
def station_of(state: State, number: int) -> int:
    """The station that a line leads to."""
    index: int = number % state.stations.size
    return index


@kernel_step
def replica_of(state: State, number: int) -> int:
    """The replica that a line leads to, where each has its own."""
    replica: int = number // (state.stations.size * state.tally[LANES])
    return replica


@kernel_call
def watch(state: State, time: float, kind: int, number: int) -> None:
    """Put an event about a line on the heap."""
    push(state, time, kind, number, number, 0, 0)


@kernel_step
def stand_in_line(state: State, token: int, index: int, number: int) -> None:
    """The token becomes the last in a line, or of its lane, which leads to station `index`."""
    if state.stations[index].priority >= 0:
        state.lines[number].waiting += 1
        number = lane_of(state, token, number)
    line, visit = state.lines[number], state.tokens[token]
    visit.state = WAITING
    visit.line = number
    visit.next = -1
    visit.previous = line.tail
    if line.waiting == 0:
        line.head = token
    else:
        state.tokens[line.tail].next = token
    line.tail = token
    line.waiting += 1
    if state.stations[index].patience < math.inf:
        watch_patience(state, token, index, number)


@kernel_step
def note_lane(state: State, token: int, index: int) -> None:
    """How urgent a visit is: another token of the attempt may be told otherwise before it ends."""
    question = state.stations[index].priority
    if question >= 0:
        visit = state.tokens[token]
        visit.lane = state.told[visit.attempt, question]


@kernel_call
def lane_of(state: State, token: int, number: int) -> int:
    """Number of the lane of a line in which a token waits."""
    lane: int = state.tokens[token].lane
    return number + (1 + lane) * state.stations.size


@kernel_step
def next_lane(state: State, index: int, number: int) -> int:
    """Number of the lane, of a line of station `index`, from which the next is served."""
    if state.stations[index].priority >= 0:
        number += state.stations.size
        while state.lines[number].waiting == 0:
            number += state.stations.size
    return number


@kernel_step
def take_next(state: State, index: int, number: int) -> int:
    """The token whose turn it is leaves a line of station `index`."""
    lane = next_lane(state, index, number)
    if lane != number:
        state.lines[number].waiting -= 1
    return take_head(state, lane)


@kernel_step
def take_head(state: State, number: int) -> int:
    """The token that has waited longest leaves a line, or a lane."""
    line = state.lines[number]
    token: int = line.head
    line.head = state.tokens[token].next
    line.waiting -= 1
    return token


@kernel_call
def oldest(state: State, index: int, number: int) -> float:
    """When the one arrived who has waited longest in a line, over all its lanes."""
    first: float = math.inf
    lanes = state.tally[LANES] if state.stations[index].priority >= 0 else 1
    for lane in range(number, number + lanes * state.stations.size, state.stations.size):
        line = state.lines[lane]
        if line.waiting > 0 and (lane != number or lanes == 1):
            first = min(first, state.tokens[line.head].arrival)
    return first


@kernel_call
def leave_line(state: State, token: int, index: int) -> None:
    """The token leaves the line that it stands in, wherever in it that is."""
    visit = state.tokens[token]
    number = visit.line
    line = state.lines[number]
    count_out(state, index, number)
    if line.head == token:
        take_head(state, number)
        return
    state.tokens[visit.previous].next = visit.next
    if line.tail == token:
        line.tail = visit.previous
    else:
        state.tokens[visit.next].previous = visit.previous
    line.waiting -= 1


@kernel_step
def count_out(state: State, index: int, number: int) -> None:
    """Somebody leaves a lane without being served."""
    if state.stations[index].priority >= 0:
        place = number // state.stations.size
        state.lines[index + (place - place % state.tally[LANES]) * state.stations.size].waiting -= 1


@kernel_call
def watch_patience(state: State, token: int, index: int, number: int) -> None:
    """See to it that somebody who has joined a line leaves it at the end of his patience."""
    if state.stations[index].patience_law == CONSTANT:
        watch_line(state, number)
    else:
        plan_reneging(state, token, index)


@kernel_call
def plan_reneging(state: State, token: int, index: int) -> None:
    """Draw how long a token will wait; the heap holds the end of that, whether it waits or not.

    By then another visit may have its slot, or it may wait elsewhere: then the ticket is another.
    """
    station, visit = state.stations[index], state.tokens[token]
    luck = luck_of(state, token, station.patience_key)
    patience = duration(station.patience_law, station.patience, station.patience_b, luck)
    state.tally[TICKETS] += 1
    ticket = state.tally[TICKETS]
    visit.ticket = ticket
    slot = token + (ticket << TICKET_SHIFT)
    attempt = state.attempts[visit.attempt]
    entity = state.requests[attempt.request].id
    push(state, visit.arrival + patience, RENEGING, slot, entity, attempt.number, visit.hop)


@kernel_step
def still_waits(state: State, token: int, ticket: int) -> bool:
    """Whether the wait that had this ticket goes on."""
    visit = state.tokens[token]
    waits = False
    if visit.state == WAITING and visit.ticket == ticket:
        # Where nobody draws, a token may have its ticket from a line before.
        waits = state.stations[state.hops[visit.hop].station].patience_law != CONSTANT
    return waits


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
