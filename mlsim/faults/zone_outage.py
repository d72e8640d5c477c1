"""zone_outage: a zone of the data centre is gone, with all that runs in it."""

from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.outage import Outage
from mlsim.scenario.units import Name
from mlsim.system.places import Place


@fault_kind("zone_outage")
class ZoneOutage(Outage):
    """All replicas in one zone are down at the same time; those elsewhere get their load as well.

    Source: Gunawi et al., Why Does the Cloud Stop Computing? (2016).
    """

    example: ClassVar[str] = """
        kind: zone_outage
        at: 5d
        until: 126h
        zone: a
    """

    kind: Literal["zone_outage"] = "zone_outage"
    zone: Name
    """The zone, one that components name in their `zones`."""

    @property
    def place(self) -> Place:
        return Place("zone", self.zone)

    def title(self) -> str:
        return f"zone {self.zone} is down"
