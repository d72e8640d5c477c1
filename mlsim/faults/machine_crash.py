"""machine_crash: a machine is gone, with all that runs on it."""

from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.outage import Outage
from mlsim.scenario.units import Name
from mlsim.system.places import Place


@fault_kind("machine_crash")
class MachineCrash(Outage):
    """All replicas on one machine stop at the same time, of whichever components they are.

    Source: Barroso, Hoelzle and Ranganathan, The Datacenter as a Computer (2018), on failures of
    machines.
    """

    example: ClassVar[str] = """
        kind: machine_crash
        at: 5d
        until: 126h
        machine: rack_1_left
    """

    kind: Literal["machine_crash"] = "machine_crash"
    machine: Name
    """The machine, one that components name in their `machines`."""

    @property
    def place(self) -> Place:
        return Place("machine", self.machine)

    def title(self) -> str:
        return f"machine {self.machine} is down"
