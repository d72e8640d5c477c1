"""Circuit breakers: a client that has met failures in a row sends nothing for a while.

After that, one attempt is sent as a probe: if it is answered, the breaker closes, else it stays
open for as long again. What was sent under an earlier regime says nothing about this one.
"""

from mlsim.engine.jit import kernel_call
from mlsim.engine.state import CLOSED, HALF_OPEN, OPEN, State


@kernel_call
def lets_through(state: State, now: float, load: int) -> bool:
    """Whether the breaker of a load's client lets an attempt pass; it may be the probe."""
    client = state.loads[state.loads[load].shared]
    if client.breaker == OPEN and now >= client.open_until:
        client.breaker = HALF_OPEN
        client.regime += 1
        return True
    return bool(client.breaker == CLOSED)


@kernel_call
def learn(state: State, now: float, attempt: int, answered: bool) -> None:
    """An attempt has ended; the breaker of its client may open or close."""
    request = state.requests[state.attempts[attempt].request]
    client = state.loads[state.loads[request.load].shared]
    if state.attempts[attempt].regime != client.regime:
        return
    if answered:
        client.breaker, client.failures = CLOSED, 0
        return
    client.failures += 1
    if client.breaker == HALF_OPEN or client.failures >= client.trips_at:
        client.breaker, client.failures = OPEN, 0
        client.open_until = now + client.open_for
        client.opened += now >= 0.0
        client.regime += 1


@kernel_call
def forget_probe(state: State, now: float, attempt: int) -> None:
    """An attempt has been called off; if it was the probe, the next attempt is."""
    request = state.requests[state.attempts[attempt].request]
    client = state.loads[state.loads[request.load].shared]
    if client.breaker == HALF_OPEN and state.attempts[attempt].regime == client.regime:
        client.breaker, client.open_until = OPEN, now
