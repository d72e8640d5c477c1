"""What the kernel writes down: visits, ends of requests, arrivals of asides at their sinks."""

from mlsim.engine.jit import kernel_call, kernel_step
from mlsim.engine.parts import PRIORITIES
from mlsim.engine.state import LOGS_VISITS, NOWHERE, OK, ROWS_LOGGED, VISITS_LOGGED, State


@kernel_step
def log_visit(state: State, now: float, token: int, outcome: int) -> None:
    """Log the end of a visit, served or not."""
    tally = state.tally
    if not tally[LOGS_VISITS]:
        return
    row = state.visits[tally[VISITS_LOGGED]]
    tally[VISITS_LOGGED] += 1
    visit = state.tokens[token]
    attempt = state.attempts[visit.attempt]
    row.request = state.requests[attempt.request].id
    row.attempt = attempt.number
    row.station = station = state.hops[visit.hop].station
    row.replica = visit.replica
    row.settings = visit.settings
    row.arrival = visit.arrival
    row.start = visit.start
    row.end = now
    row.priority = PRIORITIES - 1 - visit.lane if state.stations[station].priority >= 0 else -1
    row.outcome = outcome


@kernel_step
def log_unserved(state: State, now: float, token: int, outcome: int) -> None:
    """Log the end of a visit that nobody has begun to serve."""
    visit = state.tokens[token]
    visit.start, visit.replica, visit.settings = now, -1, -1
    log_visit(state, now, token, outcome)


@kernel_step
def log_answer(state: State, now: float, attempt: int, where: int) -> None:
    """Log the answer to a request (at NOWHERE) or an aside that reached its sink."""
    of = state.attempts[attempt]
    k = new_row(state, now, of.request, of.sent)
    state.rows[k].where = where
    state.rows[k].outcome = OK
    state.rows[k].answer = of.number
    for name in range(state.stamps.shape[1]):
        state.row_stamps[k, name] = state.stamps[attempt, name]


@kernel_call
def log_failure(state: State, now: float, request: int, outcome: int) -> None:
    """Log the end of a request that nobody has answered."""
    k = new_row(state, now, request, state.requests[request].sent)
    state.rows[k].where = NOWHERE
    state.rows[k].outcome = outcome
    state.rows[k].answer = -1
    for name in range(state.stamps.shape[1]):
        state.row_stamps[k, name] = -1


@kernel_step
def new_row(state: State, now: float, slot: int, sent: float) -> int:
    """A row about a request, and about its attempt of the time `sent`."""
    k: int = state.tally[ROWS_LOGGED]
    state.tally[ROWS_LOGGED] += 1
    row, request = state.rows[k], state.requests[slot]
    row.request = request.id
    row.load = request.load
    row.attempts = request.attempts
    row.arrival = request.arrival
    row.sent = sent
    row.end = now
    return k
