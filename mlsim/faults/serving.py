"""What faults have in common that hit a component as a running service, not what it computes."""

from collections.abc import Iterable

from mlsim.errors import nearest
from mlsim.faults.base import Fault
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Name
from mlsim.system.server import Served


class ServingFault(Fault):
    """Something that goes wrong with a component that requests pass through."""

    component: Name
    """The component."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        yield from no_server(scenario, self.component)


def no_server(scenario: Scenario, component: str) -> Iterable[Mistake]:
    """A mistake if a fault's `component` is none that serves requests."""
    served = [n for n, spec in scenario.system.items() if isinstance(spec, Served)]
    if component not in scenario.system:
        message = f"no component '{component}' in system"
        yield ("component",), message, nearest(component, served)
    elif component not in served:
        yield ("component",), "must serve requests, as " + ", ".join(served) + " do", ""
