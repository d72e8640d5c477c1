"""Wiring: which component a column comes from, for everybody who reads it.

A plain name (`temperature`) is what the nearest component upstream sends under that name, and in
the end what the client took from the world. A dotted name (`risk_model.score`) is that component's
output. A choice in the flow reads columns as a component in its place would. What is the nearest
differs between loads that enter elsewhere: each has a wiring of its own way (`Wiring.along`).
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain as chain_together
from itertools import count
from types import MappingProxyType
from typing import NamedTuple

from mlsim.scenario.flow_steps import (
    Call,
    Chain,
    Choice,
    Parallel,
    Step,
    Steps,
    calls,
    choices,
    name_of,
    step_names,
)
from mlsim.scenario.spec import Scenario
from mlsim.scenario.tree import names
from mlsim.system.base import Component
from mlsim.system.contract import Contract, contracts

Readers = str | Choice
"""Who reads columns: a component, or a choice."""

Asked = tuple[Readers, str]
"""A column that somebody reads."""

Arm = tuple[Choice | Parallel, int]
"""A branch, by its number, that not all rows take, or from which not all come back."""


class Place(NamedTuple):
    """Where somebody stands in the flow: the number in reading order, and the arms around it."""

    number: int
    arms: tuple[Arm, ...]


class UnknownColumnError(LookupError):
    """Nobody upstream sends this column; `known` are those that somebody does."""

    def __init__(self, column: str, known: Iterable[str]):
        self.column, self.known = column, sorted(known)
        self.few = 0 < len(self.known) <= 8
        super().__init__(column, self.known)  # SimPy makes it anew from these

    def __str__(self) -> str:
        return f"no column {self.column!r}; known are {', '.join(self.known)}"


class Wiring:
    """The sources of columns in one system.

    system: the components by name. flow: the chains along which requests pass. world: the true
    columns that clients know and can take along. contracts: what is agreed on columns, by name.
    """

    def __init__(
        self,
        system: Mapping[str, Component],
        flow: Iterable[Chain],
        world: Iterable[str],
        contracts: Mapping[str, Contract] = MappingProxyType({}),
    ):
        self._system = system
        self._world = frozenset(world)
        self.contracts = contracts
        self._flow = tuple(flow)
        self._before = _edges(self._flow)
        self._places = _places(self._flow)
        self._sources: dict[Asked, tuple[str | None, ...]] = {}
        self._choices_before: dict[str, tuple[Choice, ...]] = {}

    @classmethod
    def of(cls, scenario: Scenario) -> "Wiring":
        """The wiring of a scenario; what its models are there to find out, no client knows."""
        labels = {label for spec in scenario.system.values() for label in spec.labels()}
        known = [name for name in scenario.world.columns() if name not in labels]
        agreed = contracts(scenario.world.columns())
        return cls(scenario.system, scenario.flow, known, agreed)

    def along(self, entry: str) -> "Wiring":
        """The wiring of requests that enter at a component, which pass only what is on their way.

        What nobody sends there has the sources that it has elsewhere, so it is missing.
        """
        chains = _chains_from(self._flow, entry)
        return _Way(self._system, chains, self._world, self.contracts, self)

    def source(self, reader: Readers, column: str) -> str | None:
        """The component from which `reader` gets `column`; None if straight from the world.

        Of several, in branches that not all rows take, the nearest.
        Raises UnknownColumnError if nobody upstream of the reader sends it.
        """
        return self.sources(reader, column)[0]

    def sources(self, reader: Readers, column: str) -> tuple[str | None, ...]:
        """The components from which `reader` gets `column`, the nearest first.

        There are several if all but the last stand in branches that not all rows take, or from
        which not all come back.
        Raises UnknownColumnError if nobody upstream of the reader sends it.
        """
        asked = reader, column
        if asked not in self._sources:
            self._sources[asked] = self._found(reader, column)
        return self._sources[asked]

    def _found(self, reader: Readers, column: str) -> tuple[str | None, ...]:
        found: list[str | None] = []
        for name in self._senders(reader, column):
            if not self._comes_back(name, reader, column):
                found.append(name)
                if not self.detour(name, reader):
                    return tuple(found)
        if column in self._world and not any(map(self._is_client, self.upstream(reader))):
            found.append(None)
        if not found:
            raise UnknownColumnError(column, self.visible(reader))
        return tuple(found)

    def _senders(self, reader: Readers, column: str) -> Iterator[str]:
        """Who upstream of a reader sends a column, up to one from which it surely comes."""
        for name in self.upstream(reader):
            component = self._system[name]
            takes_it_along = component.starts_requests and column in self._world
            if takes_it_along or column in component.outputs(name):
                yield name
                if not self.detour(name, reader) and not self._is_later(name, reader):
                    return

    def _is_later(self, name: str, reader: Readers) -> bool:
        """Whether requests come to a reader before they come to a component, and there again."""
        return self._first(name) > self._first(reader)

    def _first(self, who: Readers) -> int:
        """The number of the first place at which somebody stands."""
        return self._places[who][0].number if who in self._places else 0

    def _comes_back(self, name: str, reader: Readers, column: str) -> bool:
        """Whether what a component sends rests on what has come to the reader before.

        So of two who pass a column to each other, the first has it from those before both.
        """
        if not self._is_later(name, reader):
            return False
        further = _closure(self.behind(name, column, reader), self._needs)
        return any(where == reader for where, _ in further)

    def _needs(self, asked: Asked) -> Iterator[Asked]:
        """What has to be read for a column that is read."""
        for sender in self._senders(*asked):
            yield from self.behind(sender, asked[1], asked[0])

    def detour(self, name: str, reader: Readers) -> tuple[tuple[Arm, ...], ...]:
        """The ways that bring rows from a component to `reader`, as arms; none if all are brought.

        One for each place of the component before the reader's first, if there is one.
        """
        places, own = self._places.get(name, []), self._places.get(reader, [])
        before = [place for place in places if place.number < self._first(reader)] or places
        common = frozenset.intersection(*(frozenset(place.arms) for place in own)) if own else ()
        ways = [tuple(arm for arm in place.arms if arm not in common) for place in before]
        return tuple(dict.fromkeys(ways)) if all(ways) else ()

    def choices_before(self, name: str) -> tuple[Choice, ...]:
        """The choices that lead to a component or not, and don't rest on it themselves."""
        if name not in self._choices_before:
            found = (fork for fork in self._choices_around(name) if not self._rests_on(fork, name))
            self._choices_before[name] = tuple(found)
        return self._choices_before[name]

    def _choices_around(self, name: str) -> tuple[Choice, ...]:
        """The choices in whose arms a component stands; none if it stands outside of all, too."""
        ways = [place.arms for place in self._places.get(name, [])]
        forks = [fork for fork, _ in chain_together(*ways)] if all(ways) else []
        return tuple(dict.fromkeys(fork for fork in forks if isinstance(fork, Choice)))

    def _rests_on(self, choice: Choice, name: str) -> bool:
        """Whether a choice goes by what a component sends, or by what another choice brings."""

        def further(asked: Asked) -> Iterator[Asked]:
            reader, column = asked
            for sender in self.sources(reader, column):
                if sender is not None and sender != name:
                    yield from self.behind(sender, column, reader)
                    for fork in self._choices_around(sender):
                        yield from _asked_by(fork)

        return any(name in self.sources(*asked) for asked in _closure(_asked_by(choice), further))

    def lineage(
        self, reader: Readers, columns: Iterable[str], ways: Iterable["Wiring"] = ()
    ) -> frozenset[str]:
        """The components whose settings decide what columns, and which, reach a reader.

        ways: those of loads, to be looked at as well.
        """
        wirings = (self, *ways)

        def senders(asked: Asked) -> Iterator[tuple[Wiring, str]]:
            found = ((wiring, name) for wiring in wirings for name in wiring.sources(*asked))
            return ((wiring, name) for wiring, name in found if name is not None)

        def further(asked: Asked) -> Iterator[Asked]:
            for wiring, name in senders(asked):
                yield from wiring.behind(name, asked[1], asked[0])

        known = _closure([(reader, column) for column in columns], further)
        return frozenset(name for asked in known for _, name in senders(asked))

    def behind(self, name: str, column: str, reader: Readers) -> Iterator[Asked]:
        """What has to be read for a column that comes from a component: by itself, by choices."""
        for fork, _ in dict.fromkeys(chain_together(*self.detour(name, reader))):
            if isinstance(fork, Choice):
                yield from _asked_by(fork)
        component = self._system[name]
        if not (component.starts_requests or component.knows_truth):
            yield from ((name, used) for used in component.needs_for(column))

    def visible(self, reader: Readers) -> frozenset[str]:
        """All columns that reach a component."""
        upstream = list(self.upstream(reader))
        return self._world.union(*(self._system[name].outputs(name) for name in upstream))

    def upstream(self, reader: Readers) -> Iterator[str]:
        """The components before `reader`, the nearest first, back to where requests begin."""
        seen, queue = {reader}, deque(self._before_request(reader))
        while queue:
            name = queue.popleft()
            if name not in seen:
                seen.add(name)
                yield name
                queue.extend(self._before_request(name))

    def _before_request(self, name: Readers) -> list[str]:
        """What comes before; nothing for a client, since what reaches it is the answer."""
        is_client = isinstance(name, str) and self._is_client(name)
        return [] if is_client else self._before.get(name, [])

    def _is_client(self, name: str) -> bool:
        return self._system[name].starts_requests


class _Way(Wiring):
    """The wiring of one way through a system; whole: that of all."""

    def __init__(
        self,
        system: Mapping[str, Component],
        flow: Iterable[Chain],
        world: Iterable[str],
        contracts: Mapping[str, Contract],
        whole: Wiring,
    ):
        super().__init__(system, flow, world, contracts)
        self._whole = whole
        steps = [chain.steps for chain in self._flow]
        inside: list[Iterable[Readers]] = [f(s) for s in steps for f in (step_names, choices)]
        self._inside = frozenset(chain_together.from_iterable(inside))

    def _found(self, reader: Readers, column: str) -> tuple[str | None, ...]:
        if reader in self._inside:
            try:
                return super()._found(reader, column)
            except UnknownColumnError:
                pass  # nobody on this way sends it
        return self._whole.sources(reader, column)

    def _senders(self, reader: Readers, column: str) -> Iterator[str]:
        if reader in self._inside:
            return super()._senders(reader, column)
        return self._whole._senders(reader, column)

    def detour(self, name: str, reader: Readers) -> tuple[tuple[Arm, ...], ...]:
        is_passed = name in self._inside and reader in self._inside
        return super().detour(name, reader) if is_passed else self._whole.detour(name, reader)


def needed_by(choice: Choice) -> tuple[str, ...]:
    """The columns that a choice reads."""
    return tuple(dict.fromkeys(n for condition in choice.conditions for n in names(condition)))


def _asked_by(choice: Choice) -> Iterator[Asked]:
    return ((choice, used) for used in needed_by(choice))


def _closure(
    first: Iterable[Asked], further: Callable[[Asked], Iterable[Asked]]
) -> Iterator[Asked]:
    """The first, and whatever is further from one of them, each once."""
    waiting = list(first)
    seen = set(waiting)
    while waiting:
        asked = waiting.pop()
        yield asked
        new = [one for one in further(asked) if one not in seen]
        seen.update(new)
        waiting += new


def predecessors(flow: Iterable[Chain]) -> dict[str, list[str]]:
    """Who passes requests on to whom, by receiver, in the order of the flow."""
    return _passed_on(flow, answers=True)


def callers(flow: Iterable[Chain]) -> dict[str, list[str]]:
    """Who calls whom, by receiver: what others have answered reaches it, but isn't sent by them."""
    return _passed_on(flow, answers=False)


def _passed_on(flow: Iterable[Chain], *, answers: bool) -> dict[str, list[str]]:
    before: dict[Readers, list[str]] = {}
    for chain in flow:
        _walk(chain.steps, [], before, answers)
    return {to: senders for to, senders in before.items() if isinstance(to, str)}


def _chains_from(flow: tuple[Chain, ...], entry: str) -> list[Chain]:
    """The chains along which requests go that enter at a component, asides among them."""
    found = [chain for chain in flow if not chain.aside and name_of(chain.steps[0]) == entry]
    for known in found:  # it grows
        inside, last = set(step_names(known.steps)), name_of(known.steps[-1])
        found += [
            chain
            for chain in flow
            if chain not in found
            and (
                name_of(chain.steps[0]) in inside
                if chain.aside
                else last == name_of(chain.steps[0])
            )
        ]
    return [chain for chain in flow if chain in found]


def _edges(flow: tuple[Chain, ...]) -> dict[Readers, list[str]]:
    """What comes before each component, and before each choice."""
    before: dict[Readers, list[str]] = {}
    for chain in flow:
        sender = name_of(chain.steps[0]) if chain.aside else ""
        last = [*_answers(flow, sender), sender] if sender else []
        _walk(chain.steps[bool(sender) :], last, before)
    return before


def _answers(flow: Iterable[Chain], caller: str) -> Iterator[str]:
    """The last of those whom a caller has called by the time when it sends something aside."""
    for call in (call for chain in flow for call in calls(chain.steps)):
        if call.name == caller:
            yield from _walk(call.inside, [], {})


def _walk(
    steps: Iterable[Step], last: list[str], before: dict[Readers, list[str]], answers: bool = True
) -> list[str]:
    """Enter the edges of one chain that follows `last`; gives the components at its end.

    answers: whether those at the end of a call come before what follows the caller, too.
    """
    for step in steps:
        if name_of(step) or isinstance(step, Choice):
            known = before.setdefault(step if isinstance(step, Choice) else name_of(step), [])
            known.extend(name for name in last if name not in known)
        if isinstance(step, str):
            last = [step]
        elif isinstance(step, Call):
            inside = _walk(step.inside, [step.name], before, answers)
            last = [*(inside if answers else ()), step.name]
        else:
            ends = [_walk(branch, last, before, answers) for branch in step.branches]
            last = list(dict.fromkeys(chain_together(*ends)))
    return last


def _places(flow: tuple[Chain, ...]) -> dict[Readers, list[Place]]:
    """By component and choice: where it stands, in reading order."""
    places: dict[Readers, list[Place]] = {}
    asides = [chain for chain in flow if chain.aside]
    number = count()
    for chain in flow:
        if not chain.aside:
            _stand(chain.steps, (), asides, places, number)
    return places


def _stand(
    steps: Steps,
    arms: tuple[Arm, ...],
    asides: list[Chain],
    places: dict[Readers, list[Place]],
    number: "count[int]",
) -> None:
    """Enter where components and choices stand, the outermost of arms first.

    What goes aside from a component has come through the same arms, and after whom it has called.
    """
    for step in steps:
        who = step if isinstance(step, Choice) else name_of(step)
        if who:
            places.setdefault(who, []).append(Place(next(number), arms))
        if isinstance(step, Choice) or (isinstance(step, Parallel) and step.need):
            for k, branch in enumerate(step.branches):
                _stand(branch, (*arms, (step, k)), asides, places, number)
        elif not isinstance(step, str):
            for branch in step.branches:
                _stand(branch, arms, asides, places, number)
        others = [chain for chain in asides if chain.steps[0] != who]
        for chain in asides:
            if chain.steps[0] == who:
                _stand(chain.steps[1:], arms, others, places, number)
