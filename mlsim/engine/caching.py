"""Caches: answers that are kept by key, for so long and so many, and given again without a call.

What is kept of an answer is the stamps that its filler has met behind the cache: whoever finds it
has met the same settings, however long they have been out of force. An entry stands in the chain of
its bucket, and in the order in which entries were last used; the first `used` places of a cache
have been taken, those given back are linked from `free`.
"""

from typing import Any, cast

import numpy as np

from mlsim.engine.jit import kernel_call, kernel_step
from mlsim.engine.routes import RETURN
from mlsim.engine.stamps import bring
from mlsim.engine.state import State

MISS, HIT = cast(tuple[int, int], tuple(np.arange(1, 3, dtype=np.int64)))
"""What a visit to a cache is stamped with when the key has been looked up; 0 before that."""

NO_KEY = cast(int, np.int64(np.iinfo(np.int64).max))
"""The key of a row that has none: it is never found, and never kept."""


@kernel_call
def look_up(state: State, now: float, token: int, index: int) -> bool:
    """Whether the answer for a visit is there; if so, its attempt has met what the filler met."""
    visit = state.tokens[token]
    number = state.stations[index].cache
    entry = fresh_entry(state, now, number, key_of(state, visit.attempt, number))
    visit.settings = HIT if entry >= 0 else MISS
    if not visit.ghost:
        state.stamps[visit.attempt, index] = visit.settings
    if entry < 0:
        return False
    leave_order(state, number, entry)
    make_newest(state, number, entry)
    if not visit.ghost:
        recall(state, entry, visit.attempt, state.hops[visit.hop].calls)
    return True


@kernel_step
def key_of(state: State, attempt: int, number: int) -> int:
    """The key under which an attempt has come to a cache."""
    key: int = state.told[attempt, state.caches[number].question]
    return key


@kernel_call
def recall(state: State, entry: int, attempt: int, first: int) -> None:
    """An attempt meets what is kept of the branch that begins at a hop."""
    end = first
    while state.hops[end].kind != RETURN or state.hops[end].first != first:
        end += 1
    bring(state, state.kept, entry, state.stamps, attempt, end)


@kernel_call
def keep(state: State, now: float, index: int, child: int, hop: int) -> None:
    """A branch has come back to its cache: what it has met is kept under its key."""
    number = state.stations[index].cache
    key = key_of(state, child, number)
    if key == NO_KEY:
        return
    entry = find(state, number, key)
    if entry >= 0:
        leave_order(state, number, entry)
    else:
        entry = new_entry(state, number, key)
    make_newest(state, number, entry)
    state.entries[entry].filled = now
    for name in range(state.stamps.shape[1]):
        state.kept[entry, name] = -1
    bring(state, state.stamps, child, state.kept, entry, hop)


@kernel_call
def fresh_entry(state: State, now: float, number: int, key: int) -> int:
    """The entry of a key, or -1; one that is too old is given up when it is looked up."""
    entry = find(state, number, key)
    if entry >= 0 and now >= state.entries[entry].filled + state.caches[number].ttl:
        leave_order(state, number, entry)
        leave_bucket(state, number, entry)
        state.entries[entry].next = state.caches[number].free
        state.caches[number].free = entry
        entry = -1
    return entry


@kernel_call
def find(state: State, number: int, key: int) -> int:
    """The entry of a key, however old, or -1."""
    entry: int = state.buckets[bucket_of(state, number, key)] - 1
    while entry >= 0 and state.entries[entry].key != key:
        entry = state.entries[entry].next
    return entry


@kernel_call
def bucket_of(state: State, number: int, key: int) -> int:
    """Where the chain of a key begins; keys are hashes, see `Trait`."""
    cache = state.caches[number]
    bucket: int = cache.first_bucket + (key & cache.mask)
    return bucket


@kernel_call
def new_entry(state: State, number: int, key: int) -> int:
    """An entry for a key; if there is no room, that which has been unused for longest makes way."""
    cache = state.caches[number]
    if cache.free >= 0:
        entry = cache.free
        cache.free = state.entries[entry].next
    elif cache.used < cache.capacity:
        entry = cache.first_entry + cache.used
        cache.used += 1
    else:
        entry = cache.oldest
        leave_order(state, number, entry)
        leave_bucket(state, number, entry)
    bucket = bucket_of(state, number, key)
    state.entries[entry].key = key
    state.entries[entry].next = state.buckets[bucket] - 1
    state.buckets[bucket] = entry + 1
    return int(entry)


@kernel_call
def leave_bucket(state: State, number: int, entry: int) -> None:
    """Take an entry out of the chain of its bucket."""
    bucket = bucket_of(state, number, state.entries[entry].key)
    following = state.entries[entry].next
    before = state.buckets[bucket] - 1
    if before == entry:
        state.buckets[bucket] = following + 1
        return
    while state.entries[before].next != entry:
        before = state.entries[before].next
    state.entries[before].next = following


@kernel_call
def make_newest(state: State, number: int, entry: int) -> None:
    """An entry has been used now."""
    cache = state.caches[number]
    state.entries[entry].newer, state.entries[entry].older = -1, cache.newest
    if cache.newest >= 0:
        state.entries[cache.newest].newer = entry
    else:
        cache.oldest = entry
    cache.newest = entry


@kernel_call
def leave_order(state: State, number: int, entry: int) -> None:
    """Take an entry out of the order of use."""
    cache = state.caches[number]
    newer, older = state.entries[entry].newer, state.entries[entry].older
    if newer >= 0:
        state.entries[newer].older = older
    else:
        cache.newest = older
    if older >= 0:
        state.entries[older].newer = newer
    else:
        cache.oldest = newer


def empty(state: State, number: int) -> None:
    """A cache has lost all that it kept."""
    cache: Any = state.caches[number]
    state.buckets[cache.first_bucket : cache.first_bucket + cache.mask + 1] = 0
    cache.used, cache.free, cache.newest, cache.oldest = 0, -1, -1, -1
