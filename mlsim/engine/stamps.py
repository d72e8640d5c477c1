"""What a branch has met, taken from one row of stamps to another: when it is back, or recalled."""

from typing import Any

from mlsim.engine.jit import kernel_call
from mlsim.engine.routes import VISIT
from mlsim.engine.state import State


@kernel_call
def bring(state: State, source: Any, of: int, target: Any, to: int, hop: int) -> None:
    """What row `of` has met on the branch that ends at `hop`, row `to` of `target` has met, too.

    source, target: int32[rows, names], stamps of attempts or of what caches keep.
    """
    for place in range(state.hops[hop].first, hop):
        at = state.hops[place]
        if at.kind == VISIT:
            target[to, at.station] = source[of, at.station]
