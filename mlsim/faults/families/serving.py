"""What faults have in common that hit a component as a running service, not what it computes."""

from collections.abc import Iterable
from typing import ClassVar

from pydantic import Field

from mlsim.faults.families.component import ComponentFault
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
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


class ReplicaFault(ServingFault):
    """Something that goes wrong with one replica of such a component."""

    replica: int = Field(0, ge=0)
    """Its number, from 0 on; that of a shard where there are some."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        spec = scenario.system.get(self.component)
        there = (spec.shards or spec.replicas) if isinstance(spec, Served) else 0
        if 0 < there <= self.replica:
            message = f"{self.component} has no replica {self.replica} (0..{there - 1})"
            yield ("replica",), message, ""
