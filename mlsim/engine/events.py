"""The heap of events, ordered by time and, at one instant, by what and whose they are.

A binary heap in an array of `state.EVENT` records that carry their whole order with them; the
number of events stands in `tally[EVENTS]`. Room is certain: the heap is sized by the pools.
"""

from typing import Any

from mlsim.engine.jit import compiled_aside, compiled_step
from mlsim.engine.state import EVENTS


@compiled_step
def push(
    heap: Any,
    tally: Any,
    time: float,
    kind: int,
    slot: int,
    entity: int,
    attempt: int,
    hop: int,
) -> None:
    """Add an event about `slot` at `time`; the rest is its place among events of that instant."""
    i = tally[EVENTS]
    tally[EVENTS] = i + 1
    # The free place behind the heap holds the new event while its ancestors are compared.
    new = heap[i]
    new.time, new.kind, new.hop = time, kind, hop
    new.entity, new.attempt, new.slot = entity, attempt, slot
    while i > 0:
        parent = (i - 1) >> 1
        if not earlier(heap, i, parent):
            break
        swap(heap, i, parent)
        i = parent


@compiled_step
def pop(heap: Any, tally: Any) -> tuple[Any, Any]:
    """Take the first event off the heap; returns its kind and slot."""
    kind, slot = heap[0].kind, heap[0].slot
    n = tally[EVENTS] - 1
    tally[EVENTS] = n
    swap(heap, 0, n)
    i, child = 0, 1
    while child < n:
        if child + 1 < n and earlier(heap, child + 1, child):
            child += 1
        if not earlier(heap, child, i):
            break
        swap(heap, child, i)
        i, child = child, 2 * child + 1
    return kind, slot


@compiled_step
def swap(heap: Any, i: int, j: int) -> None:
    a, b = heap[i], heap[j]
    a.time, b.time = b.time, a.time
    a.kind, b.kind = b.kind, a.kind
    a.hop, b.hop = b.hop, a.hop
    a.entity, b.entity = b.entity, a.entity
    a.attempt, b.attempt = b.attempt, a.attempt
    a.slot, b.slot = b.slot, a.slot


@compiled_step
def earlier(heap: Any, i: int, j: int) -> bool:
    if heap[i].time != heap[j].time:
        return heap[i].time < heap[j].time
    return precedes(heap, i, j)


@compiled_aside
def precedes(heap: Any, i: int, j: int) -> bool:
    """Order at one instant: kind, entity, attempt, hop."""
    a, b = heap[i], heap[j]
    return (a.kind, a.entity, a.attempt, a.hop) < (b.kind, b.entity, b.attempt, b.hop)
