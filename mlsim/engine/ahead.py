"""Draws of service times made ahead, for first attempts, as their arrivals become known.

One after the other they keep the processor waiting: the time of an event hangs on each. Together
they don't wait for one another. A draw is kept as that of the standard member of its family, so it
holds whatever becomes of the parameters meanwhile.
"""

from mlsim.engine.arrivals import LOAD_SHIFT
from mlsim.engine.draws import CONSTANT, standard, uniform_at
from mlsim.engine.handing import Table, state_at
from mlsim.engine.jit import kernel_entry, kernel_step
from mlsim.engine.luck import luck_of
from mlsim.engine.state import KNOWN_ARRIVALS, State


@kernel_entry
def draw_ahead(table: Table) -> None:
    """What the known arrivals draw where they are going to be served for the first time."""
    state = state_at(table)
    for k in range(state.tally[KNOWN_ARRIVALS]):
        entity = state.arrivals[k].entity
        for index in range(state.stations.size):
            station = state.stations[index]
            if (station.met_by >> (entity >> LOAD_SHIFT)) & 1 and station.family != CONSTANT:
                luck = uniform_at(station.key, entity, 0)
                state.drawn_ahead[k, index] = standard(station.family, luck)


@kernel_step
def bring_draws(state: State, arrival: int, request: int) -> None:
    """A request has come, with its draws."""
    state.requests[request].drew = 1
    for index in range(state.stations.size):
        state.drawn[request, index] = state.drawn_ahead[arrival, index]


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
