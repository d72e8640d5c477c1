"""external_slow: an external source takes longer to answer than before."""

from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.slowness import Slowness
from mlsim.faults.families.source import SourceFault
from mlsim.system.simulation import System


@fault_kind("external_slow")
class ExternalSlow(Slowness, SourceFault):
    """The source answers as ever, but `factor` times later, and for some callers too late.

    A caller with a `timeout` on its calls goes on without the columns: what was a matter of latency
    becomes one of missing values. Source: Kaestner, "external data sources: latency"; Nygard,
    Release It! (2018), on integration points.
    """

    example: ClassVar[str] = """
        kind: external_slow
        at: 5d
        until: 8d
        component: weather
        factor: 5
    """

    kind: Literal["external_slow"] = "external_slow"

    def title(self) -> str:
        return f"{self.component} takes {self.factor:g} times as long to answer"

    def sets(self) -> frozenset[str]:
        return Slowness.sets(self) | SourceFault.sets(self)

    def begin(self, system: System) -> None:
        super().begin(system)
        self.blame(system, True)

    def end(self, system: System) -> None:
        super().end(system)
        self.blame(system, False)
