"""external_quota: an external source answers fewer calls a day than before."""

from dataclasses import replace
from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.source import SourceFault
from mlsim.system.external import Quota, become, metered
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

    def begin(self, system: System) -> None:
        self._grant(system, self.quota, fails=True)

    def end(self, system: System) -> None:
        self._grant(system, self.source(system).quota, fails=False)

    def _grant(self, system: System, quota: Quota | None, fails: bool) -> None:
        source = replace(system[self.component].current, quota=quota, exhausted=False, fails=fails)
        become(system, self.component, source)
        if quota is not None:
            system.clock.process(metered(system, self.component, quota))
