"""What faults have in common that hit a component as a running service, not what it computes."""

from typing import ClassVar

from mlsim.faults.families.component import ComponentFault
from mlsim.scenario.units import Name
from mlsim.system.base import Component
from mlsim.system.server import Served


class ServingFault(ComponentFault):
    """Something that goes wrong with a component that requests pass through."""

    needs: ClassVar[str] = "a component that serves requests"

    component: Name
    """The component."""

    @staticmethod
    def fits(spec: Component) -> bool:
        return isinstance(spec, Served)
