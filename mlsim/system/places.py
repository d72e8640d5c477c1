"""Where replicas run: in which zone, on which machine, and which of those are out of order."""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mlsim.system.base import Component
from mlsim.system.server import Served


class Place(NamedTuple):
    """A zone or a machine."""

    kind: str
    name: str


def places_of(spec: Component) -> dict[str, tuple[str, ...]]:
    """The names of the zones, and of the machines, where replicas of a component run in turn."""
    if not isinstance(spec, Served):
        return {}
    known = {"zone": spec.zones, "machine": spec.machines}
    return {kind: names for kind, names in known.items() if names}


class Places:
    """The zones and machines of a system, and who runs there.

    A replica has a number for a home: by that it stands in its component's zones and on its
    machines in turn. It is its own number until it is moved.
    """

    def __init__(self, system: Mapping[str, Component]):
        self._known = {name: places_of(spec) for name, spec in system.items()}
        self._homes: dict[tuple[str, int], int] = {}
        self._out: list[Place] = []

    def fail(self, place: Place) -> None:
        """Nothing can run there any more."""
        self._out.append(place)

    def repair(self, place: Place) -> None:
        """Replicas can be started there again, unless it has failed for another reason, too."""
        self._out.remove(place)

    def of(self, name: str, replica: int) -> Iterator[Place]:
        """Where a replica runs, or would run if it were started."""
        return self._at(name, self._homes.get((name, replica), replica))

    def can_run(self, name: str, replica: int) -> bool:
        """Whether all is in order where a replica would run."""
        return self._is_in_order(self.of(name, replica))

    def move(self, name: str, replica: int) -> bool:
        """Give a replica the first home that is in order; returns whether there is one."""
        for home in range(math.lcm(*map(len, self._known[name].values()))):
            if self._is_in_order(self._at(name, home)):
                self._homes[name, replica] = home
                return True
        return False

    def _is_in_order(self, places: Iterator[Place]) -> bool:
        return not any(place in self._out for place in places)

    def _at(self, name: str, home: int) -> Iterator[Place]:
        for kind, names in self._known[name].items():
            yield Place(kind, names[home % len(names)])
