"""cache: answers are kept for a while, and given again to who asks with the same key."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from mlsim.engine.columns import Column
from mlsim.engine.network import Cache as Kept
from mlsim.engine.network import Station
from mlsim.scenario.checks import scenario_check
from mlsim.scenario.expressions import Expression, FixedExpression, names
from mlsim.scenario.flow_steps import calls_of, stands_alone, step_names, written
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Bound
from mlsim.system.base import Component, Inbox, component_kind
from mlsim.system.server import Served
from mlsim.system.store import Store
from mlsim.system.traits import WHOSE
from mlsim.system.wiring import Wiring

MOST = 1_000_000
"""Entries of a cache that has no `capacity` of its own."""


@component_kind("cache")
class Cache(Served):
    """Keeps what those behind it answer, by a key, and calls them only for what it hasn't got.

    Whom it calls stands in brackets behind it in the flow, as in `cache(features -> model)`. A call
    that comes back is kept under the key of its request, a call that fails is not. Who finds an
    answer there gets it under the versions and snapshots that were met by whoever brought it: a new
    model isn't seen until its entries are gone. Where the answer depends on columns that the key
    doesn't settle, or on chance, it is computed from those of the row itself. Requests that miss
    the same key while a call is under way call, too: nobody waits for another's answer. It keeps
    all that it has in one place, so `replicas` must be 1 and `balancing` has nothing to spread; a
    restart empties it. Source: Nishtala et al., Scaling Memcache at Facebook (2013), on stale
    entries, stampedes and cold caches.
    """

    alone: ClassVar[bool] = True
    stamps: ClassVar[tuple[bool, ...]] = (False, True)
    example: ClassVar[str] = """
        kind: cache
        key: floor(age / 10)
        ttl: 10min
        capacity: 50000
        service_time: 1ms
    """

    kind: Literal["cache"] = "cache"
    key: FixedExpression
    """What requests must have in common to get the same answer: a column such as item_id, a number
    made of several, or `person`, whose request it is. Without a value there is no key, and whoever
    is behind is called."""
    ttl: Bound = np.inf
    """How long an answer is given again, from the time when it came; without it, as long as there
    is room."""
    capacity: int | None = Field(None, ge=1, le=10_000_000)
    """Answers that are kept at most: one more, and that which has been unused for longest goes. A
    million if not given."""

    def traits(self) -> dict[str, Expression]:
        return {**super().traits(), "key": self.key}

    def outputs(self, name: str) -> Iterable[str]:
        return (f"{name}.hit",)

    def needs_for(self, column: str) -> Iterable[str]:
        return ()

    def compute(self, settings: bool | None, rows: Inbox, column: str) -> Column:
        return np.full(rows.ids.shape, bool(settings))

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        if self.ttl == np.inf and self.capacity is None:
            yield (), "needs a ttl, a capacity, or both", ""
        for load, spec in scenario.load.items() if WHOSE in names(self.key) else ():
            if not spec.of:
                message = f"needs to know whose requests they are: give load.{load} `of: person`"
                yield ("key",), message, ""

    def doubts(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().doubts(scenario, name)
        if columns := self._unsettled(scenario, name):
            told = ", ".join(columns)
            yield ("key",), f"says nothing of {told}, on which the answers that it keeps depend", ""

    def station(self, name: str) -> Station:
        kept = Kept(ttl=self.ttl, capacity=self.capacity or MOST)
        return replace(super().station(name), cache=kept)

    def _unsettled(self, scenario: Scenario, name: str) -> list[str]:
        """The columns on which its answers depend, and that its key doesn't name."""
        wiring, whose = Wiring.of(scenario), WHOSE in names(self.key)
        settled = {*names(self.key), *(scenario.world.person if whose else ())}
        calls = calls_of(scenario.flow, name)
        inside = [other for _, call in calls for other in step_names(call.inside)]
        specs = [(scenario.system[other], other) for other in inside]
        read = [col for one, other in specs for col in _from_outside(one, wiring, other, inside)]
        stores = [WHOSE for one, _ in specs if isinstance(one, Store)]
        return [column for column in dict.fromkeys([*stores, *read]) if column not in settled]


@scenario_check
def misplaced(scenario: Scenario) -> Iterator[Mistake]:
    """Caches that answer for nobody, or now for this and now for that."""
    for name, spec in scenario.system.items() if scenario.is_read("flow") else ():
        if not isinstance(spec, Cache):
            continue
        for number, meant in stands_alone(scenario.flow, name):
            message = f"{name} is a cache: whom it answers for stands in brackets behind it"
            yield ("flow", number), message, meant
        calls = calls_of(scenario.flow, name)
        for number, call in calls:
            first, own = written(calls[0][1].inside), written(call.inside)
            if own != first:
                message = f"{name} keeps the answers of {first}: give {own} a cache of its own"
                yield ("flow", number), message, ""


def _from_outside(spec: Component, wiring: Wiring, name: str, inside: list[str]) -> Iterator[str]:
    """The columns that a component gets from none of those with it behind a cache."""
    for column in () if spec.knows_truth else spec.needs():
        if any(source not in inside for source in wiring.sources(name, column)):
            yield column
