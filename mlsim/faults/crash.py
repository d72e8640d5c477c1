"""crash: a replica of a component is gone."""

from typing import ClassVar, Literal

from mlsim.faults.base import bring_back, fault_kind
from mlsim.faults.families.serving import ReplicaFault
from mlsim.system.simulation import System


@fault_kind("crash")
class Crash(ReplicaFault):
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

    def title(self) -> str:
        return f"replica {self.replica} of {self.component} has crashed"

    def takes_down(self) -> tuple[str, int]:
        return self.component, self.replica

    def begin(self, system: System) -> None:
        system.crash(self.component, self.replica)

    def end(self, system: System) -> None:
        bring_back(system, self.component, self.replica)
