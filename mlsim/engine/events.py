"""The heap of events, ordered by time and, at one instant, by what and whose they are.

A binary heap in an array of `state.EVENT` records that carry their whole order with them; the
number of events stands in `tally[EVENTS]`. Room is seen to before each event of the kernel. Most
events bring about another, which takes their place at the top: `tally[TAKEN]` says that it is free.
"""

from typing import Any

from mlsim.engine.jit import kernel_call, kernel_step
from mlsim.engine.luck import path_of
from mlsim.engine.state import COMPLETION, EVENTS, FAILURE, RENEGING, TAKEN, State


@kernel_step
def push(
    state: State, time: float, kind: int, slot: int, entity: int, attempt: int, hop: int
) -> None:
    """Add an event about `slot` at `time`; the rest is its place among events of that instant."""
    taken = state.tally[TAKEN]
    # One place beyond the heap, the new event waits while others make room.
    n = state.tally[EVENTS] + 1 - taken
    write(state, n, time, kind, slot, entity, attempt, hop)
    state.tally[EVENTS], state.tally[TAKEN] = n, 0
    place = sink(state, n) if taken else rise(state, n)
    # Not copied: the processor would wait until what it has just written can be read.
    write(state, place, time, kind, slot, entity, attempt, hop)


@kernel_step
def write(
    state: State, place: int, time: float, kind: int, slot: int, entity: int, attempt: int, hop: int
) -> None:
    """Put an event in a place of the heap."""
    event = state.heap[place]
    event.time, event.kind, event.hop = time, kind, hop
    event.entity, event.attempt, event.slot = entity, attempt, slot


@kernel_step
def take_first(state: State) -> tuple[Any, Any]:
    """The kind and slot of the first event, whose place is free for the next that is pushed."""
    state.tally[TAKEN] = 1
    return state.heap[0].kind, state.heap[0].slot


@kernel_step
def close_gap(state: State) -> None:
    """Nothing has followed on the event that was taken: the last one takes its place."""
    if state.tally[TAKEN]:
        state.tally[TAKEN] = 0
        state.tally[EVENTS] -= 1
        last = state.tally[EVENTS]
        move(state.heap, sink(state, last), last)


@kernel_step
def rise(state: State, n: int) -> int:
    """A place for the event at `n`, sought from the end, one before it: later ones move down."""
    heap, hole = state.heap, n - 1
    while hole > 0:
        parent = (hole - 1) >> 1
        if not earlier(state, n, parent):
            break
        move(heap, hole, parent)
        hole = parent
    return hole


@kernel_step
def sink(state: State, n: int) -> int:
    """A place for the event at `n`, sought from the top, which is free: earlier ones move up."""
    heap, hole, child = state.heap, 0, 1
    while child < n:
        # Added, not branched on: the processor would guess wrong half of the time. A right child
        # at n is the event itself, and if it comes first, it has found its place.
        child += earlier(state, child + 1, child)
        if not earlier(state, child, n):
            break
        move(heap, hole, child)
        hole, child = child, 2 * child + 1
    return hole


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
    if heap[i].time == heap[j].time and i != j:
        first = precedes(state, i, j)
    return first


@kernel_call
def precedes(state: State, i: int, j: int) -> Any:
    """Order at one instant: kind, entity, attempt, hop; and the path of those who call again.

    Of renegings the ticket, in the upper bits: a slot may no longer be that of the visit.
    """
    a, b = state.heap[i], state.heap[j]
    one = (a.kind, a.entity, a.attempt, a.hop)
    other = (b.kind, b.entity, b.attempt, b.hop)
    if one == other and (a.kind == COMPLETION or a.kind == FAILURE):
        return path_of(state, a.slot) < path_of(state, b.slot)
    if one == other and a.kind == RENEGING:
        return a.slot < b.slot
    return one < other
