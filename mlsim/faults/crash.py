"""crash: a replica of a component is gone."""

from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import Field

from mlsim.faults.base import fault_kind
from mlsim.faults.families.serving import ServingFault
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.system.server import Served
from mlsim.system.simulation import System


@fault_kind("crash")
class Crash(ServingFault):
    """A replica stops at once; what it had in service fails, what waits is left to the others.

    Loud: it is down, and everybody watches for that. Source: Gray, Why Do Computers Stop (1985), on
    fail-stop faults.
    """

    example: ClassVar[str] = """
        kind: crash
        at: 5d
        until: 130h
        component: gateway
        replica: 1
    """

    kind: Literal["crash"] = "crash"
    replica: int = Field(0, ge=0)
    """Its number, from 0 on."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        spec = scenario.system.get(self.component)
        if isinstance(spec, Served) and self.replica >= spec.replicas:
            message = f"{self.component} has no replica {self.replica} (0..{spec.replicas - 1})"
            yield ("replica",), message, ""

    def title(self) -> str:
        return f"replica {self.replica} of {self.component} has crashed"

    def begin(self, system: System) -> None:
        system.crash(self.component, self.replica)

    def end(self, system: System) -> None:
        system.restart(self.component, self.replica)
