"""Balancing: which replica gets a request, where each has a line of its own."""

from mlsim.engine.jit import kernel_call, kernel_step
from mlsim.engine.lines import line_of
from mlsim.engine.luck import luck_of
from mlsim.engine.state import (
    LEAST_OUTSTANDING,
    RANDOM,
    ROUND_ROBIN,
    SHARED,
    State,
)

NOBODY = -1


@kernel_step
def choose_line(state: State, token: int, index: int) -> int:
    """The line of station `index` for a token: the shared one, that of a replica, or NOBODY's."""
    number = index
    if state.stations[index].balancing != SHARED:
        replica = choose_replica(state, token, index)
        state.tokens[token].replica = replica
        number = NOBODY if replica == NOBODY else line_of(state, index, replica)
    return number


@kernel_call
def choose_replica(state: State, token: int, index: int) -> int:
    """The replica, of those that accept requests, that gets a token; NOBODY if none does."""
    station = state.stations[index]
    shard = state.hops[state.tokens[token].hop].shard
    if shard >= 0:
        return shard if state.replicas[index, shard].accepts else NOBODY
    open_now = 0
    for replica in range(state.replicas.shape[1]):
        open_now += state.replicas[index, replica].accepts
    if open_now == 0:
        return NOBODY
    if station.balancing == ROUND_ROBIN:
        return next_in_turn(state, index)
    if station.balancing == LEAST_OUTSTANDING:
        return least_outstanding(state, token, index)
    share = open_now * luck_of(state, token, station.balancing_key)
    first = int(share)
    if station.balancing == RANDOM or open_now == 1:
        return nth_open(state, index, first)
    # What the first choice has left of the draw is as good as another draw.
    second = int((share - first) * (open_now - 1))
    second += second >= first
    return less_loaded(state, index, nth_open(state, index, first), nth_open(state, index, second))


@kernel_step
def nth_open(state: State, index: int, n: int) -> int:
    """The n-th replica, from 0 on, of those that accept requests."""
    replica = 0
    while n > 0 or not state.replicas[index, replica].accepts:
        n -= state.replicas[index, replica].accepts
        replica += 1
    return replica


@kernel_step
def next_in_turn(state: State, index: int) -> int:
    """The next replica after the one that had the last request."""
    station = state.stations[index]
    while True:
        station.turn = (station.turn + 1) % state.replicas.shape[1]
        if state.replicas[index, station.turn].accepts:
            replica: int = station.turn
            return replica


@kernel_step
def least_outstanding(state: State, token: int, index: int) -> int:
    """The replica with the fewest requests; any of several, or the first would get most."""
    fewest, alike = 0, 0
    for replica in range(state.replicas.shape[1]):
        if state.replicas[index, replica].accepts:
            number = outstanding(state, index, replica)
            if alike == 0 or number < fewest:
                fewest, alike = number, 0
            alike += number == fewest
    skipped, best = 0, 0
    if alike > 1:
        skipped = int(alike * luck_of(state, token, state.stations[index].balancing_key))
    while True:
        if state.replicas[index, best].accepts and outstanding(state, index, best) == fewest:
            if skipped == 0:
                return best
            skipped -= 1
        best += 1


@kernel_step
def less_loaded(state: State, index: int, first: int, second: int) -> int:
    """The one of two replicas that has fewer requests; the first if they have as many."""
    return second if outstanding(state, index, second) < outstanding(state, index, first) else first


@kernel_step
def outstanding(state: State, index: int, replica: int) -> int:
    """Workers in use at a replica, and requests that wait for it."""
    waiting = state.lines[line_of(state, index, replica)].waiting
    count: int = state.replicas[index, replica].busy + waiting
    return count
