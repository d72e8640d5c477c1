"""packet_loss: a share of what a component answers gets lost."""

from typing import ClassVar, Literal

from mlsim.engine.network import Station
from mlsim.faults.base import fault_kind
from mlsim.faults.families.serving import ServingFault
from mlsim.faults.families.shares import part
from mlsim.scenario.units import Probability
from mlsim.system.simulation import System


@fault_kind("packet_loss")
class PacketLoss(ServingFault):
    """A `share` of a component's answers never arrives: the work was done, and nobody gets it.

    Clients that try again send the same work once more, so that a loss turns into load. Which
    answers are lost is a draw of their own. Source: Deutsch, The Fallacies of Distributed
    Computing: "the network is reliable".
    """

    example: ClassVar[str] = """
        kind: packet_loss
        at: 5d
        until: 126h
        component: gateway
        share: 0.1
    """

    kind: Literal["packet_loss"] = "packet_loss"
    share: Probability
    """Share of the answers that are lost."""

    def title(self) -> str:
        return f"{part(self.share)} of what {self.component} answers is lost"

    def begin(self, system: System) -> None:
        before = self._lost_anyway(system)
        system.network.set_failing(self.component, before + (1.0 - before) * self.share)

    def end(self, system: System) -> None:
        system.network.set_failing(self.component, self._lost_anyway(system))

    def _lost_anyway(self, system: System) -> float:
        station = system[self.component].spec.station(self.component)
        assert isinstance(station, Station), "validation sees to it"
        return station.error_rate
