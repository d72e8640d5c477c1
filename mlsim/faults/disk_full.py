"""disk_full: a collector takes nothing more."""

from dataclasses import replace
from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.collecting import CollectorFault
from mlsim.system.delivery import Delivery
from mlsim.system.simulation import System


@fault_kind("disk_full")
class DiskFull(CollectorFault):
    """The disk of a collector is full: it refuses each row, until somebody makes room.

    Its error rate says so at once. What happened in the meantime, no check and no training will
    ever see. Source: Kaestner, "overloaded telemetry server".
    """

    example: ClassVar[str] = """
        kind: disk_full
        at: 5d
        until: 7d
        component: telemetry
    """

    kind: Literal["disk_full"] = "disk_full"

    def title(self) -> str:
        return f"the disk of {self.component} is full"

    def sets(self) -> frozenset[str]:
        return super().sets() | {f"{self.component}/open"}

    def broken(self, settings: Delivery, system: System) -> Delivery:
        return replace(settings, full=True)

    def repaired(self, settings: Delivery, system: System) -> Delivery:
        return replace(settings, full=False)

    def begin(self, system: System) -> None:
        super().begin(system)
        system.network.set_open(self.component, False)

    def end(self, system: System) -> None:
        super().end(system)
        system.network.set_open(self.component, True)
