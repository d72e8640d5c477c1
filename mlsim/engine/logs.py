"""What the kernel writes down: visits, ends of requests, arrivals of asides at their sinks."""

from mlsim.engine.jit import kernel_step
from mlsim.engine.state import LOGS_VISITS, OK, ROWS_LOGGED, VISITS_LOGGED, State


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
    row.station = state.hops[visit.hop].station
    row.replica = visit.replica
    row.settings = visit.settings
    row.arrival = visit.arrival
    row.start = visit.start
    row.end = now
    row.outcome = outcome


@kernel_step
def log_row(state: State, now: float, attempt: int, where: int, outcome: int) -> None:
    """Log the end of a request (at NOWHERE) or an aside that reached its sink."""
    tally = state.tally
    k = tally[ROWS_LOGGED]
    tally[ROWS_LOGGED] += 1
    row = state.rows[k]
    of = state.attempts[attempt]
    request = state.requests[of.request]
    row.request = request.id
    row.load = request.load
    row.where = where
    row.attempts = request.attempts
    row.arrival = request.arrival
    row.sent = of.sent
    row.end = now
    row.outcome = outcome
    answered = outcome == OK
    row.answer = of.number if answered else -1
    for name in range(state.stamps.shape[1]):
        state.row_stamps[k, name] = state.stamps[attempt, name] if answered else -1
