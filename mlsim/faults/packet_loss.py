"""packet_loss: a share of what a component answers gets lost."""

from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.serving import ServingFault
from mlsim.faults.families.shares import part
from mlsim.scenario.units import Probability
from mlsim.system.simulation import System


@fault_kind("packet_loss")
class PacketLoss(ServingFault):
    """A `share` of a component's answers never arrives: the work was done, and nobody gets it.

    Whoever called waits until the timeout of the component or of the client; without any, it knows
    at once. Who tries again sends the same work once more, so that a loss turns into load. Which
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

    def sets(self) -> frozenset[str]:
        return frozenset({f"{self.component}/losing"})

    def begin(self, system: System) -> None:
        system.network.set_losing(self.component, self.share)

    def end(self, system: System) -> None:
        system.network.set_losing(self.component, 0.0)
