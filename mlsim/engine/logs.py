"""What the kernel writes down: visits, ends of requests, arrivals of asides at their sinks."""

from mlsim.engine.jit import kernel_call, kernel_step
from mlsim.engine.parts import PRIORITIES
from mlsim.engine.state import LOGS_VISITS, NOWHERE, OK, ROWS_LOGGED, VISITS_LOGGED, State


@kernel_step
def log_visit(state: State, now: float, token: int, index: int, outcome: int) -> None:
    """Log the end of a visit to station `index`, served or not."""
    tally = state.tally
    if not tally[LOGS_VISITS]:
        return
    k = tally[VISITS_LOGGED]
    tally[VISITS_LOGGED] += 1
    visit = state.tokens[token]
    attempt, station = state.attempts[visit.attempt], state.stations[index]
    state.visit_request[k] = state.requests[attempt.request].id
    state.visit_attempt[k] = attempt.number
    state.visit_station[k] = index
    state.visit_replica[k] = visit.replica
    state.visit_settings[k] = visit.settings
    state.visit_arrival[k] = visit.arrival
    state.visit_start[k] = visit.start
    state.visit_end[k] = now
    state.visit_work[k] = now - visit.start
    if station.sharing and visit.replica >= 0:
        state.visit_work[k] = state.replicas[index, visit.replica].given - visit.given
    state.visit_priority[k] = PRIORITIES - 1 - visit.lane if station.priority >= 0 else -1
    state.visit_outcome[k] = outcome


@kernel_step
def log_unserved(state: State, now: float, token: int, outcome: int) -> None:
    """Log the end of a visit that nobody has begun to serve."""
    visit = state.tokens[token]
    visit.start, visit.replica, visit.settings = now, -1, -1
    log_visit(state, now, token, state.hops[visit.hop].station, outcome)


@kernel_step
def log_answer(state: State, now: float, attempt: int, where: int) -> None:
    """Log the answer to a request (at NOWHERE) or an aside that reached its sink."""
    of = state.attempts[attempt]
    k = new_row(state, now, of.request, of.sent)
    state.row_where[k] = where
    state.row_outcome[k] = OK
    state.row_answer[k] = of.number
    for name in range(state.stamps.shape[1]):
        state.row_stamps[k, name] = state.stamps[attempt, name]


@kernel_call
def log_failure(state: State, now: float, request: int, outcome: int) -> None:
    """Log the end of a request that nobody has answered."""
    k = new_row(state, now, request, state.requests[request].sent)
    state.row_where[k] = NOWHERE
    state.row_outcome[k] = outcome
    state.row_answer[k] = -1
    for name in range(state.stamps.shape[1]):
        state.row_stamps[k, name] = -1


@kernel_step
def new_row(state: State, now: float, slot: int, sent: float) -> int:
    """A row about a request, and about its attempt of the time `sent`."""
    k: int = state.tally[ROWS_LOGGED]
    state.tally[ROWS_LOGGED] += 1
    request = state.requests[slot]
    state.row_request[k] = request.id
    state.row_load[k] = request.load
    state.row_attempts[k] = request.attempts
    state.row_hedges[k] = request.hedged
    state.row_arrival[k] = request.arrival
    state.row_sent[k] = sent
    state.row_end[k] = now
    return k
