"""The draws of a visit: of whom it is, on which attempt, how often it has been there before."""

from mlsim.engine.draws import uniform_at
from mlsim.engine.jit import kernel_step
from mlsim.engine.state import State

ORDINAL_SHIFT = 32


@kernel_step
def luck_of(state: State, token: int, key: int) -> float:
    """The uniform draw of this visit from the stream `key`."""
    visit = state.tokens[token]
    attempt = state.attempts[visit.attempt]
    entity = state.requests[attempt.request].id
    ordinal = state.hops[visit.hop].ordinal
    luck: float = uniform_at(key, entity, attempt.number + (ordinal << ORDINAL_SHIFT))
    return luck
