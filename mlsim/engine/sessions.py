"""Sessions: what people do after a request has ended, and the ids of what they do.

A person's next request is a child of the one before. Its id says so, and carries the person along,
so that who it is and all its luck are known from the id alone:

    bits 57..62   number of the load
    bits 55..56   both set: no arrival of its own (see `arrivals`)
    bits 25..54   the person, as a share of the population
    bits  0..24   counts the requests of the person, from a number of the session's own
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlsim.engine import draws
from mlsim.engine.arrivals import FOLLOWS, LOAD_SHIFT, LOADS
from mlsim.engine.draws import Floats, Ids, duration, uniform_at
from mlsim.engine.events import push
from mlsim.engine.jit import compiled, kernel_call
from mlsim.engine.slots import new_request
from mlsim.engine.state import FOLLOW_UP, State

STEP_BITS, PERSON_BITS = 25, 30
STEPS, PERSONS = 1 << STEP_BITS, 1 << PERSON_BITS


@kernel_call
def go_on(state: State, now: float, slot: int) -> None:
    """Whoever has ended a request thinks and then sends another one, or leaves."""
    request = state.requests[slot]
    load = state.loads[request.load]
    luck = uniform_at(load.way_key, request.id, 0)
    for k in range(load.first_way, load.first_way + load.ways):
        if luck < state.ways[k].below:
            entity = next_id(request.id, state.ways[k].load, load.person_key)
            thought = uniform_at(load.think_key, entity, 0)
            time = now + duration(load.think, load.think_a, load.think_b, thought)
            if time < load.until:
                following = new_request(state, entity, time)
                push(state, time, FOLLOW_UP, following, entity, 0, 0)
            return


@compiled
def next_id(parent: int, load: int, person_key: Any) -> int:
    """The id of a person's next request, which belongs to `load`."""
    if (parent & FOLLOWS) == FOLLOWS:
        person = (parent >> STEP_BITS) & (PERSONS - 1)
        step = (parent + 1) & (STEPS - 1)
    else:
        person = int(uniform_at(person_key, parent, 0) * PERSONS)
        step = int(uniform_at(person_key, parent, 1) * STEPS)
    child: int = (load << LOAD_SHIFT) | FOLLOWS | (person << STEP_BITS) | step
    return child


def first_ids(load: int, number: int, people: int) -> Ids:
    """The ids of the first requests of persons 0, 1 ... `number` - 1 of a population.

    Each load counts from a number of its own: people of two loads may go on to the same one.
    """
    shares = (np.arange(number) + 0.5) / people * PERSONS
    begin = np.int64(load) << LOAD_SHIFT | FOLLOWS | load * (STEPS // LOADS)
    return begin | (shares.astype(np.int64) << STEP_BITS)


def people_of(ids: Ids, person_key: np.uint64, people: int) -> NDArray[np.int64]:
    """Who makes each request, where people do several things: 0 ... `people` - 1.

    person_key: of the load of those requests that begin a session.
    """
    share = np.floor(draws.uniform(person_key, ids) * PERSONS)
    share = np.where((ids & FOLLOWS) == FOLLOWS, (ids >> STEP_BITS) & (PERSONS - 1), share)
    return np.asarray(np.floor((share + 0.5) / PERSONS * people), dtype=np.int64)


class Population:
    """A source of the first requests of a closed population: each person thinks before it.

    times: float64[n], ids: int64[n], of the first request of each person.
    """

    def __init__(self, times: Floats, ids: Ids):
        order = np.lexsort((ids, times))
        self._times, self._ids = times[order], ids[order]

    def between(self, start: float, end: float) -> tuple[Floats, Ids]:
        """Times and entity ids of the first requests in [start, end)."""
        first, last = np.searchsorted(self._times, [start, end], side="left")
        return self._times[first:last].copy(), self._ids[first:last].copy()
