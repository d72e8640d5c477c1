"""What stations do: let tokens in, hold them in line, serve them."""

from mlsim.engine.draws import quantile, uniform_at
from mlsim.engine.events import push
from mlsim.engine.jit import kernel_step
from mlsim.engine.logs import log_visit
from mlsim.engine.state import COMPLETION, IN_SERVICE, VISIT_REJECTED, VISIT_SERVED, WAITING, State

PASSED, STAYS, REFUSED = range(3)
ORDINAL_SHIFT = 32


@kernel_step
def enter(state: State, now: float, token: int, index: int) -> int:
    """The single way into a station: be served, wait in line, or be refused."""
    station = state.stations[index]
    station.arrived += 1
    state.tokens[token].arrival = now
    if station.free > 0 and station.waiting == 0:
        if station.instant:
            pass_through(state, now, token, index)
            return PASSED
        draw_service(state, token, index)
        begin(state, now, token, index)
        return STAYS
    if station.waiting >= station.queue_limit:
        station.rejected += 1
        state.tokens[token].start = now
        state.tokens[token].replica = -1
        state.tokens[token].settings = -1
        log_visit(state, now, token, VISIT_REJECTED)
        return REFUSED
    draw_service(state, token, index)
    state.tokens[token].state = WAITING
    state.tokens[token].next = -1
    if station.waiting == 0:
        station.head = token
    else:
        state.tokens[station.tail].next = token
    station.tail = token
    station.waiting += 1
    return STAYS


@kernel_step
def pass_through(state: State, now: float, token: int, index: int) -> None:
    """A visit that takes no time and no worker."""
    station = state.stations[index]
    station.started += 1
    station.served += 1
    stamp(state, now, token, index)
    log_visit(state, now, token, VISIT_SERVED)


@kernel_step
def begin(state: State, now: float, token: int, index: int) -> None:
    """Start a service on the lowest replica with an idle worker."""
    station = state.stations[index]
    station.started += 1
    station.free -= 1
    stamp(state, now, token, index)
    visit = state.tokens[token]
    visit.state = IN_SERVICE
    state.replicas[index, visit.replica].busy += 1
    if visit.law != station.law:
        draw_service(state, token, index)
    attempt = state.attempts[visit.attempt]
    entity = state.requests[attempt.request].id
    ends = now + visit.service
    push(state.heap, state.tally, ends, COMPLETION, token, entity, attempt.number, visit.hop)


@kernel_step
def draw_service(state: State, token: int, index: int) -> None:
    """How long this visit's service will take, under the law of service times in force.

    A draw depends on nothing but whose it is. So it is made when a token comes, while the
    processor need not wait for it, and again if the law has changed by the time its turn comes.
    """
    station = state.stations[index]
    visit = state.tokens[token]
    attempt = state.attempts[visit.attempt]
    entity = state.requests[attempt.request].id
    ordinal = state.hops[visit.hop].ordinal
    luck = uniform_at(station.key, entity, attempt.number + (ordinal << ORDINAL_SHIFT))
    visit.service = max(0.0, quantile(station.distribution, station.a, station.b, luck))
    visit.law = station.law


@kernel_step
def stamp(state: State, now: float, token: int, index: int) -> None:
    """Note when, where and under which settings the service of a visit starts."""
    visit = state.tokens[token]
    visit.start = now
    visit.settings = state.settings[index]
    state.stamps[visit.attempt, index] = visit.settings
    replica = 0
    while state.replicas[index, replica].busy >= state.replicas[index, replica].room:
        replica += 1
    visit.replica = replica


@kernel_step
def serve_waiting(state: State, now: float, index: int) -> None:
    """Idle workers take from the head of the line."""
    station = state.stations[index]
    while station.free > 0 and station.waiting > 0:
        token = station.head
        station.head = state.tokens[token].next
        station.waiting -= 1
        begin(state, now, token, index)
