"""What faults have in common that take away a place, with all replicas that run there."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from mlsim.errors import nearest
from mlsim.faults.base import Fault
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.system.server import Served
from mlsim.system.simulation import System


class Outage(Fault):
    """A place is gone, and comes back with `until`."""

    where: ClassVar[str]
    """How one runs there, and the key that names the place: "in zone", "on machine"."""

    @property
    def place(self) -> str:
        """Its name."""
        raise NotImplementedError

    @staticmethod
    def places(spec: Served) -> tuple[str, ...]:
        """The places in which a component's replicas run in turn."""
        raise NotImplementedError

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        served = (spec for spec in scenario.system.values() if isinstance(spec, Served))
        known = sorted({place for spec in served for place in self.places(spec)})
        if self.place not in known:
            message = f"no component runs {self.where} '{self.place}'"
            yield (self.where.split()[-1],), message, nearest(self.place, known)

    def begin(self, system: System) -> None:
        for name, replica in self._replicas(system):
            system.crash(name, replica)

    def end(self, system: System) -> None:
        for name, replica in self._replicas(system):
            system.restart(name, replica)

    def _replicas(self, system: System) -> Iterator[tuple[str, int]]:
        for name, deployed in system.items():
            places = self.places(deployed.spec) if isinstance(deployed.spec, Served) else ()
            for replica in range(system.replicas[name] if places else 0):
                if places[replica % len(places)] == self.place:
                    yield name, replica
