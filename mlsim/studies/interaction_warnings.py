"""Which features may get into each other's way, from what they read and write; nothing is run.

The pass errs on the side of warning: features of which it says nothing can't break each other's
promises as a pair. After Nhlabatsi, Laney and Nuseibeh, "Feature interaction: the security threat
from within software systems" (2008), who sort interactions by what the features share.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from mlsim.scenario.expressions import Expression, names
from mlsim.scenario.features import Event, Feature, Requirement
from mlsim.scenario.spec import Scenario
from mlsim.scenario.tree import substituted

Kind = Literal[
    "race on a shared trigger",
    "overlapping precondition",
    "capacity",
    "shared resource",
    "loop through the environment",
]
Ways = Mapping[str, frozenset[str]]
"""By state, the states that it can change directly."""


@dataclass(frozen=True)
class PairWarning:
    """Two features that may get into each other's way.

    kind: how. via: the states through which. endangers: whose promises.
    """

    features: tuple[str, str]
    kind: Kind
    via: tuple[str, ...]
    endangers: tuple[str, ...]


class Reads:
    """Who reads and who writes which states in a scenario."""

    def __init__(self, scenario: Scenario):
        self._world = world = scenario.world
        self._environment = self._ways_of_the_world(scenario)
        self.guards = {name: self._names(f.when) for name, f in world.features.items()}
        self.writes = {
            name: frozenset(action.state for action in f.then) for name, f in world.features.items()
        }
        self.promised = {
            name: frozenset().union(
                *(self._names(part) for one in f.requires for part in _parts(one, f))
            )
            for name, f in world.features.items()
        }
        self._own = {name: self._ways_of(f) for name, f in world.features.items()}

    def warnings(self) -> list[PairWarning]:
        """The pairs of features that may get into each other's way, in the order of the file."""
        found = []
        for one, other in combinations(self._world.features, 2):
            endangers = [
                who
                for who, by in ((one, other), (other, one))
                if self.reached(self.writes[by], (who,)) & self.promised[who]
            ]
            if endangers:
                kind, via = self.kind(one, other)
                found.append(PairWarning((one, other), kind, via, tuple(endangers)))
        return found

    def reached(self, states: Iterable[str], features: Iterable[str] = ()) -> frozenset[str]:
        """What changes if some states change: through the environment, and through features."""
        ways = [self._environment, *(self._own[name] for name in features)]
        return _closure(frozenset(states), ways)

    def behind(self, states: Iterable[str], features: Iterable[str]) -> frozenset[str]:
        """What states depend on: the other way round."""
        back: dict[str, frozenset[str]] = {}
        for way in (self._environment, *(self._own[name] for name in features)):
            for source, targets in way.items():
                for target in targets:
                    back[target] = back.get(target, frozenset()) | {source}
        return _closure(frozenset(states), [back])

    def kind(self, one: str, other: str) -> tuple[Kind, tuple[str, ...]]:
        """How two features get into each other's way, and through which states."""
        both_read = self.guards[one] & self.guards[other]
        both_write = self.writes[one] & self.writes[other]
        either_writes = self.writes[one] | self.writes[other]
        if both_write and both_read - either_writes:
            return "race on a shared trigger", _sorted(both_read - either_writes)
        if both_read & either_writes:
            return "overlapping precondition", _sorted(both_read & either_writes)
        used_up = [state for state in sorted(both_write) if self._runs_out(state, one, other)]
        if used_up:
            return "capacity", tuple(used_up)
        if both_write:
            return "shared resource", _sorted(both_write)
        meet = self.reached(self.writes[one]) & self.reached(self.writes[other])
        if meet:
            return "shared resource", self._supplies(meet, either_writes) or _sorted(meet)
        loop = (self.reached(self.writes[one]) & self.guards[other]) | (
            self.reached(self.writes[other]) & self.guards[one]
        )
        guards = (self._world.features[name].when for name in (one, other))
        drivers = self._drivers_in(guards, self.reached(either_writes))
        return "loop through the environment", drivers or _sorted(loop)

    def _runs_out(self, state: str, one: str, other: str) -> bool:
        """Whether both push a state towards the same end of its range."""
        low, high = self._world.state[state].range
        ends = {"-=": math.isfinite(low), "+=": math.isfinite(high)}
        ops = [
            {action.op for action in self._world.features[name].then if action.state == state}
            for name in (one, other)
        ]
        return any(ends.get(op, False) for op in ops[0] & ops[1])

    def _supplies(self, states: frozenset[str], written: frozenset[str]) -> tuple[str, ...]:
        """The drivers through which features that meet in some states write into them."""
        flows = (rate for name in states for rate in self._world.state[name].flows.values())
        return self._drivers_in(flows, written)

    def _drivers_in(
        self, expressions: Iterable[Expression], states: frozenset[str]
    ) -> tuple[str, ...]:
        """The drivers that expressions use and that depend on some states: what to call it by."""
        drivers = self._world.drivers
        used = {name for one in expressions for name in names(one) if name in drivers}
        return _sorted(name for name in used if self._names(drivers[name]) & states)

    def _ways_of_the_world(self, scenario: Scenario) -> Ways:
        ways: dict[str, frozenset[str]] = {}
        for name, state in self._world.state.items():
            sources = frozenset().union(*map(self._names, state.flows.values()))
            if state.next is not None:
                # Requests carry what states say through the machine, and are counted here.
                sources |= frozenset(self._world.state) if state.counts else frozenset()
                sources |= self._names(state.next)
            for source in sources:
                ways[source] = ways.get(source, frozenset()) | {name}
        for event in self._world.events.values():
            for source, targets in self._ways_of(event).items():
                ways[source] = ways.get(source, frozenset()) | targets
        return ways

    def _ways_of(self, event: Event) -> Ways:
        ways: dict[str, frozenset[str]] = {}
        for action in event.then:
            for source in self._names(event.when) | self._names(action.value):
                ways[source] = ways.get(source, frozenset()) | {action.state}
        return ways

    def _names(self, expression: Expression) -> frozenset[str]:
        """The states that an expression depends on, its drivers put in."""
        inside = expression
        while (deeper := substituted(inside, self._world.drivers)) != inside:
            inside = deeper
        return frozenset(names(inside)) & frozenset(self._world.state)


def _parts(promise: Requirement, owner: Feature) -> Iterator[Expression]:
    """What a promise looks at: what is to hold, and what it counts from."""
    yield promise.holds
    if promise.after is not None:
        yield promise.after
    elif promise.mode == "eventually":
        yield owner.when


def _closure(states: frozenset[str], ways: Iterable[Ways]) -> frozenset[str]:
    every = list(ways)
    found, new = states, states
    while new:
        new = frozenset().union(*(w.get(s, frozenset()) for s in new for w in every)) - found
        found |= new
    return found


def _sorted(states: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(states))
