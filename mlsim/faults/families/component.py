"""What faults have in common that act on one component."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from mlsim.errors import nearest
from mlsim.faults.base import Fault
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Name
from mlsim.system.base import Component
from mlsim.system.simulation import System


class ComponentFault(Fault):
    """Something that goes wrong at a component that has the mechanism."""

    needs: ClassVar[str]
    """What the component must be, as in "a collector"."""

    component: Name
    """The component."""

    @staticmethod
    def fits(spec: Component) -> bool:
        """Whether a component has the mechanism."""
        raise NotImplementedError

    def where(self, system: Mapping[str, Component]) -> tuple[str, ...]:
        return (self.component,)

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        fitting = [n for n, spec in scenario.system.items() if self.fits(spec)]
        if self.component not in scenario.system:
            message = f"no component '{self.component}' in system"
            yield ("component",), message, nearest(self.component, fitting)
        elif self.component not in fitting:
            here = f", here {_alternatives(fitting)}" if fitting else ", and the system has none"
            own = f"got '{self.component}', of kind {scenario.system[self.component].kind}"
            yield ("component",), f"must be {self.needs}{here} ({own})", ""


class SettingsFault(ComponentFault):
    """Other settings are in force at the component while it lasts."""

    def broken(self, settings: Any, system: System) -> Any:
        """The component's settings with the fault."""
        raise NotImplementedError

    def repaired(self, settings: Any, system: System) -> Any:
        """The settings without it."""
        raise NotImplementedError

    def sets(self) -> frozenset[str]:
        return frozenset({f"{self.component}/{self.kind}"})

    def begin(self, system: System) -> None:
        component = system[self.component]
        component.change(self.broken(component.current, system))

    def end(self, system: System) -> None:
        component = system[self.component]
        component.change(self.repaired(component.current, system))


def _alternatives(names: Sequence[str]) -> str:
    """Names as a sentence offers them: a, b or c."""
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
