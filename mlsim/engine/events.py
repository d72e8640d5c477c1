"""The heap of events, ordered by time and, at one instant, by what and whose they are.

A binary heap in an array of `state.EVENT` records that carry their whole order with them; the
number of events stands in `tally[EVENTS]`. Room is seen to before each
event of the kernel.
"""

from typing import Any

from mlsim.engine.jit import kernel_call, kernel_step
from mlsim.engine.luck import path_of
from mlsim.engine.state import COMPLETION, EVENTS, FAILURE, State


@kernel_call
def push(
    state: State, time: float, kind: int, slot: int, entity: int, attempt: int, hop: int
) -> None:
    """Add an event about `slot` at `time`; the rest is its place among events of that instant."""
    heap, n = state.heap, state.tally[EVENTS]
    state.tally[EVENTS] = n + 1
    # One place beyond the heap, the new event waits while later ancestors move down.
    new = heap[n + 1]
    new.time, new.kind, new.hop = time, kind, hop
    new.entity, new.attempt, new.slot = entity, attempt, slot
    hole = n
    while hole > 0:
        parent = (hole - 1) >> 1
        if not earlier(state, n + 1, parent):
            break
        move(heap, hole, parent)
        hole = parent
    move(heap, hole, n + 1)


@kernel_step
def pop(state: State) -> tuple[Any, Any]:
    """Take the first event off the heap; returns its kind and slot."""
    heap, n = state.heap, state.tally[EVENTS] - 1
    kind, slot = heap[0].kind, heap[0].slot
    state.tally[EVENTS] = n
    # The last event looks for its place from the top while earlier children move up.
    hole, child = 0, 1
    while child < n:
        # Added, not branched on: the processor would guess wrong half of the time. A right child
        # at n is the last event itself, and if it comes first, it has found its place.
        child += earlier(state, child + 1, child)
        if not earlier(state, child, n):
            break
        move(heap, hole, child)
        hole, child = child, 2 * child + 1
    move(heap, hole, n)
    return kind, slot


@kernel_step
def move(heap: Any, to: int, place: int) -> None:
    """Copy an event. Field by field: numba copies a whole record byte by byte."""
    new, old = heap[to], heap[place]
    new.time, new.entity, new.slot = old.time, old.entity, old.slot
    new.kind, new.hop, new.attempt = old.kind, old.hop, old.attempt


@kernel_step
def earlier(state: State, i: int, j: int) -> Any:
    """Whether event i comes before event j."""
    heap = state.heap
    first = heap[i].time < heap[j].time
    if heap[i].time == heap[j].time:
        first = precedes(state, i, j)
    return first


@kernel_call
def precedes(state: State, i: int, j: int) -> Any:
    """Order at one instant: kind, entity, attempt, hop; and the path of those who call again."""
    a, b = state.heap[i], state.heap[j]
    one = (a.kind, a.entity, a.attempt, a.hop)
    other = (b.kind, b.entity, b.attempt, b.hop)
    if one == other and (a.kind == COMPLETION or a.kind == FAILURE):
        return path_of(state, a.slot) < path_of(state, b.slot)
    return one < other
