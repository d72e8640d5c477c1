"""external_gone: an external source doesn't answer any more."""

from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.source import SourceFault
from mlsim.system.simulation import System


@fault_kind("external_gone")
class ExternalGone(SourceFault):
    """Whoever calls the source is refused at once: it was shut down, moved, or put behind a login.

    Where the call is optional, requests go on without its columns, and models fill in the mean of
    their training. Source: Kaestner, "external data sources: availability"; Sculley et al., Hidden
    Technical Debt in Machine Learning Systems (2015).
    """

    example: ClassVar[str] = """
        kind: external_gone
        at: 5d
        until: 8d
        component: weather
    """

    kind: Literal["external_gone"] = "external_gone"

    def title(self) -> str:
        return f"{self.component} is gone"

    def sets(self) -> frozenset[str]:
        return super().sets() | {f"{self.component}/open"}

    def begin(self, system: System) -> None:
        self.blame(system, True)
        system.network.set_open(self.component, False)

    def end(self, system: System) -> None:
        self.blame(system, False)
        system.network.set_open(self.component, True)
