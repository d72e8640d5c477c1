"""telemetry_overload: a collector can write less than before, and loses rows when most come."""

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.collecting import CollectorFault
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Probability
from mlsim.system.collector import Collector
from mlsim.system.delivery import Delivery
from mlsim.system.simulation import System


@fault_kind("telemetry_overload")
class TelemetryOverload(CollectorFault):
    """Only a share of a collector's `capacity` is left; it goes on dropping by its own policy.

    At night all is well. At the peak rows are lost, and what is lost no check and no training ever
    sees: where senders differ, what is left is no longer a sample of what happened. Source:
    Kaestner, "telemetry server overloaded".
    """

    example: ClassVar[str] = """
        kind: telemetry_overload
        at: 5d
        until: 8d
        component: telemetry
        left: 0.4
    """

    kind: Literal["telemetry_overload"] = "telemetry_overload"
    left: Probability
    """Share of the capacity that is left."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        spec = scenario.system.get(self.component)
        if isinstance(spec, Collector) and spec.capacity is None:
            yield ("component",), f"{self.component} needs a capacity, of which less is left", ""

    def title(self) -> str:
        return f"{self.component} has {self.left:.0%} of its capacity left"

    def broken(self, settings: Delivery, system: System) -> Delivery:
        return replace(settings, room=self.left)

    def repaired(self, settings: Delivery, system: System) -> Delivery:
        return replace(settings, room=1.0)
