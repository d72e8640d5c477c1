"""external_quota: an external source answers fewer calls a day than before."""

from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.source import SourceFault
from mlsim.system.external import Quota
from mlsim.system.simulation import System


@fault_kind("external_quota")
class ExternalQuota(SourceFault):
    """The provider has changed the plan: what exceeds its `quota` of calls is rejected.

    It works each morning, when somebody looks, and runs dry in the evening, when most people come.
    Source: Kaestner, "external data sources: quota, rate limits".
    """

    example: ClassVar[str] = """
        kind: external_quota
        at: 5d
        component: weather
        quota: {calls: 50000, per: 1d}
    """

    kind: Literal["external_quota"] = "external_quota"
    quota: Quota
    """Calls that are still answered in each period."""

    def title(self) -> str:
        return f"{self.component} rejects calls over its quota of {self.quota.calls}"

    def sets(self) -> frozenset[str]:
        return super().sets() | {f"{self.component}/quota"}

    def begin(self, system: System) -> None:
        self.blame(system, True)
        system.network.set_quota(self.component, self.quota.calls, self.quota.per)

    def end(self, system: System) -> None:
        self.blame(system, False)
        before = self.source(system).station(self.component)
        system.network.set_quota(self.component, before.quota, before.quota_per)
