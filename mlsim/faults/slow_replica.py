"""slow_replica: one replica of several takes longer."""

from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import Field

from mlsim.faults.base import fault_kind
from mlsim.faults.families.serving import ReplicaFault
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.system.server import Served
from mlsim.system.simulation import System


@fault_kind("slow_replica")
class SlowReplica(ReplicaFault):
    """One replica takes `factor` times as long, while it is up and answers every probe.

    What balancing makes of it differs: by turns, each n-th request meets it; where requests go to
    the one that has the fewest, they avoid it. Source: Gunawi et al., Fail-Slow at Scale (2018).
    """

    example: ClassVar[str] = """
        kind: slow_replica
        at: 5d
        until: 6d
        component: gateway
        replica: 1
        factor: 10
    """

    kind: Literal["slow_replica"] = "slow_replica"
    factor: float = Field(gt=0, allow_inf_nan=False)
    """How many times as long a service that begins there takes."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        spec = scenario.system.get(self.component)
        if isinstance(spec, Served) and spec.service_time is None:
            yield ("component",), f"{self.component} has no service_time to take longer", ""

    def title(self) -> str:
        return f"replica {self.replica} of {self.component} takes {self.factor:g} times as long"

    def sets(self) -> frozenset[str]:
        return frozenset({f"{self.component}/{self.replica}/slowness"})

    def begin(self, system: System) -> None:
        system.network.set_slowness(self.component, self.replica, self.factor)

    def end(self, system: System) -> None:
        system.network.set_slowness(self.component, self.replica, 1.0)
