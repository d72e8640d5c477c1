"""What faults have in common that take away a place, with all replicas that run there."""

from collections.abc import Iterable, Iterator, Mapping

from mlsim.errors import nearest
from mlsim.faults.base import Fault, bring_back
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.system.base import Component
from mlsim.system.places import Place, places_of
from mlsim.system.simulation import System


class Outage(Fault):
    """A place is gone, and comes back with `until`."""

    @property
    def place(self) -> Place:
        """The zone or the machine."""
        raise NotImplementedError

    def where(self, system: Mapping[str, Component]) -> tuple[str, ...]:
        kind, own = self.place
        return tuple(name for name, spec in system.items() if own in places_of(spec).get(kind, ()))

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        kind, own = self.place
        places = [places_of(spec).get(kind, ()) for spec in scenario.system.values()]
        known = sorted({name for names in places for name in names})
        if own not in known:
            where = "in zone" if kind == "zone" else "on machine"
            yield (kind,), f"no component runs {where} '{own}'", nearest(own, known)

    def begin(self, system: System) -> None:
        for name, replica in self._replicas(system):
            system.crash(name, replica)
        system.places.fail(self.place)

    def end(self, system: System) -> None:
        system.places.repair(self.place)
        for name, replica in self._replicas(system):
            bring_back(system, name, replica)

    def _replicas(self, system: System) -> Iterator[tuple[str, int]]:
        """Those that run there, or would."""
        for name, replicas in system.replicas.items():
            for replica in range(replicas):
                if self.place in system.places.of(name, replica):
                    yield name, replica
