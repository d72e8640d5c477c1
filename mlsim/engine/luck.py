"""The draws of a visit: whose it is, on which path of attempts, how often it has been there."""

import numpy as np

from mlsim.engine.draws import uniform_at
from mlsim.engine.jit import kernel_step
from mlsim.engine.state import State

ORDINAL_SHIFT, CALLS_SHIFT, CRASHES_SHIFT = 32, 41, 40
SPREAD = 0x5851F42D4C957F2D
PATHS = 8191
"""More than callers in layers can be told apart by: tells a path of calls from another one."""


@kernel_step
def luck_of(state: State, token: int, key: int) -> float:
    """The uniform draw of this visit from the stream `key`."""
    visit = state.tokens[token]
    attempt = state.attempts[visit.attempt]
    entity = state.requests[attempt.request].id
    ordinal = state.hops[visit.hop].ordinal
    path = attempt.number + (ordinal << ORDINAL_SHIFT) + (visit.calls << CALLS_SHIFT)
    path += attempt.path * SPREAD
    luck: float = uniform_at(key, entity, path)
    return luck


@kernel_step
def path_of(state: State, token: int) -> int:
    """Tells a visit, and what comes of it, from others: made again by callers, or after a crash.

    Its own draws are the same after a crash: the same work is done again, or to its end. Those of
    what it calls are not, since what the worker that has crashed has called is under way still.
    """
    visit = state.tokens[token]
    of_whom = state.attempts[visit.attempt].path * PATHS
    path: int = of_whom + visit.calls + (np.int64(visit.crashes) << CRASHES_SHIFT)
    return path
