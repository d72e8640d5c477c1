"""telemetry_stopped: a collector takes every row, and stores none."""

from dataclasses import replace
from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.collecting import CollectorFault
from mlsim.system.delivery import Delivery
from mlsim.system.simulation import System


@fault_kind("telemetry_stopped")
class TelemetryStopped(CollectorFault):
    """The collector answers everybody, while the thread in it that writes has died.

    Senders see no error. Checks on data have nothing to judge, and what has nothing to judge raises
    no alert, unless somebody watches for silence itself. Training goes on with what it has. Source:
    Kaestner, "telemetry server down"; Prometheus's documentation on `absent()`.
    """

    example: ClassVar[str] = """
        kind: telemetry_stopped
        at: 5d
        until: 8d
        component: telemetry
    """

    kind: Literal["telemetry_stopped"] = "telemetry_stopped"

    def title(self) -> str:
        return f"{self.component} stores nothing"

    def broken(self, settings: Delivery, system: System) -> Delivery:
        return replace(settings, stores=False)

    def repaired(self, settings: Delivery, system: System) -> Delivery:
        return replace(settings, stores=True)
