"""Wiring: which component a column comes from, for everybody who reads it.

A plain name (`temperature`) is what the nearest component upstream sends under that name, and in
the end what the client took from the world. A dotted name (`risk_model.score`) is that component's
output.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from mlsim.scenario.flow import Chain, Parallel
from mlsim.scenario.spec import Scenario
from mlsim.system.base import Component
from mlsim.system.contract import Contract, contracts


class UnknownColumnError(LookupError):
    """Nobody upstream sends this column; `known` are those that somebody does."""

    def __init__(self, column: str, known: Iterable[str]):
        self.column, self.known = column, sorted(known)
        super().__init__(f"no column {column!r}; known are {', '.join(self.known)}")


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
        self._before = predecessors(flow)

    @classmethod
    def of(cls, scenario: Scenario) -> "Wiring":
        """The wiring of a scenario; what its models are there to find out, no client knows."""
        labels = {label for spec in scenario.system.values() for label in spec.labels()}
        known = [name for name in scenario.world.columns() if name not in labels]
        agreed = contracts(scenario.world.columns())
        return cls(scenario.system, scenario.flow, known, agreed)

    def source(self, reader: str, column: str) -> str | None:
        """The component from which `reader` gets `column`; None if straight from the world.

        Raises UnknownColumnError if nobody upstream of the reader sends it.
        """
        for name in self.upstream(reader):
            component = self._system[name]
            takes_it_along = component.starts_requests and column in self._world
            if takes_it_along or column in component.outputs(name):
                return name
        if column in self._world and not any(map(self._is_client, self.upstream(reader))):
            return None
        raise UnknownColumnError(column, self.visible(reader))

    def visible(self, reader: str) -> frozenset[str]:
        """All columns that reach a component."""
        upstream = list(self.upstream(reader))
        return self._world.union(*(self._system[name].outputs(name) for name in upstream))

    def upstream(self, reader: str) -> Iterator[str]:
        """The components before `reader`, the nearest first, back to where requests begin."""
        seen, queue = {reader}, deque(self._before_request(reader))
        while queue:
            name = queue.popleft()
            if name not in seen:
                seen.add(name)
                yield name
                queue.extend(self._before_request(name))

    def _before_request(self, name: str) -> list[str]:
        """What comes before; nothing for a client, since what reaches it is the answer."""
        return [] if self._is_client(name) else self._before.get(name, [])

    def _is_client(self, name: str) -> bool:
        return self._system[name].starts_requests


def predecessors(flow: Iterable[Chain]) -> dict[str, list[str]]:
    """Who passes requests on to whom, by receiver, in the order of the flow."""
    before: dict[str, list[str]] = {}
    for chain in flow:
        _walk(chain.steps, [], before)
    return before


def _walk(
    steps: Iterable[str | Parallel], last: list[str], before: dict[str, list[str]]
) -> list[str]:
    """Enter the edges of one chain that follows `last`; gives the components at its end."""
    for step in steps:
        if isinstance(step, Parallel):
            last = [end for branch in step.branches for end in _walk(branch, last, before)]
        else:
            before.setdefault(step, []).extend(n for n in last if n not in before.get(step, []))
            last = [step]
    return last
