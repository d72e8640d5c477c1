"""Draws of service times made ahead, for first attempts, as their arrivals become known.

One after the other they keep the processor waiting: the time of an event hangs on each. Together
they don't wait for one another. A draw is kept as that of the standard member of its family, so it
holds whatever becomes of the parameters meanwhile.
"""

from mlsim.engine import portable
from mlsim.engine.arrivals import LOAD_SHIFT
from mlsim.engine.draws import CONSTANT, EXPONENTIAL, standard, uniform_at
from mlsim.engine.handing import Table, state_at
from mlsim.engine.jit import kernel_entry, kernel_step
from mlsim.engine.luck import luck_of
from mlsim.engine.state import KNOWN_ARRIVALS, State


@kernel_entry
def draw_ahead(table: Table) -> None:
    """What the known arrivals draw where they are going to be served for the first time."""
    state = state_at(table)
    known = state.tally[KNOWN_ARRIVALS]
    loads = 0
    for k in range(known):
        loads |= 1 << (state.arrivals[k].entity >> LOAD_SHIFT)
    for index in range(state.stations.size):
        station = state.stations[index]
        if station.family == EXPONENTIAL and station.met_by & loads == loads:
            draw_for_all(state, index, known)
        elif station.family != CONSTANT:
            draw_for_some(state, index, known)


@kernel_step
def draw_for_all(state: State, index: int, known: int) -> None:
    """The most frequent case, in loops of which the compiler does several rounds at once."""
    key = state.stations[index].key
    for k in range(known):
        state.drawn_ahead[index, k] = 1.0 - uniform_at(key, state.arrivals[k].entity, 0)
    for k in range(known):
        state.drawn_ahead[index, k] = -portable.log_of_normal(state.drawn_ahead[index, k], 0)


@kernel_step
def draw_for_some(state: State, index: int, known: int) -> None:
    """Those whose loads meet the station draw."""
    station = state.stations[index]
    for k in range(known):
        entity = state.arrivals[k].entity
        if (station.met_by >> (entity >> LOAD_SHIFT)) & 1:
            luck = uniform_at(station.key, entity, 0)
            state.drawn_ahead[index, k] = standard(station.family, luck)


@kernel_step
def bring_draws(state: State, arrival: int, request: int) -> None:
    """A request has come, with its draws."""
    state.requests[request].drew = 1
    for index in range(state.stations.size):
        state.drawn[request, index] = state.drawn_ahead[index, arrival]


@kernel_step
def standard_draw(state: State, token: int, index: int) -> float:
    """What a visit has drawn from the standard member of the family of the service times."""
    station, visit = state.stations[index], state.tokens[token]
    attempt = state.attempts[visit.attempt]
    request = state.requests[attempt.request]
    is_first = attempt.number + visit.calls + state.hops[visit.hop].ordinal == 0
    if is_first and attempt.path == 0 and request.drew and station.family == station.distribution:
        drawn: float = state.drawn[attempt.request, index]
    else:
        drawn = standard(station.distribution, luck_of(state, token, station.key))
    return drawn
