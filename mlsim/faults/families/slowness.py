"""What faults have in common that make a component slow."""

from dataclasses import replace

from pydantic import Field

from mlsim.engine import draws
from mlsim.engine.draws import Distribution
from mlsim.engine.network import Service, Station
from mlsim.faults.families.component import ComponentFault
from mlsim.system.simulation import System


class Slowness(ComponentFault):
    """Each service that begins takes `factor` times as long; those under way are not affected."""

    factor: float = Field(gt=0, allow_inf_nan=False)
    """How many times as long a service takes."""

    def sets(self) -> frozenset[str]:
        return frozenset({f"{self.component}/service"})

    def begin(self, system: System) -> None:
        system.network.set_service(self.component, slower(self._service(system), self.factor))

    def end(self, system: System) -> None:
        system.network.set_service(self.component, self._service(system))

    def _service(self, system: System) -> Service:
        station = system[self.component].spec.station(self.component)
        assert isinstance(station, Station), "validation sees to it"
        return station.service


def slower(service: Service, factor: float) -> Service:
    """A service time of which every draw is `factor` times what it was.

    >>> slower(Service(Distribution.EXPONENTIAL, 0.2), 3.0).a
    0.6000000000000001
    """
    match service.distribution:
        case Distribution.LOGNORMAL:
            shift = float(draws.log_of(factor))
            return replace(service, a=service.a + shift)
        case Distribution.NORMAL | Distribution.UNIFORM:
            return replace(service, a=service.a * factor, b=service.b * factor)
    return replace(service, a=service.a * factor)
