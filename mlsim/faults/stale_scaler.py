"""stale_scaler: a model is pushed, and the constants that its inputs are scaled by are not."""

from dataclasses import replace
from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.deploying import DeployerFault
from mlsim.system.deployer import PushPath
from mlsim.system.simulation import System


@fault_kind("stale_scaler")
class StaleScaler(DeployerFault):
    """A push brings new weights; means and scales that standardise the inputs stay the old ones.

    They lie in another file, which nobody copies any more. As long as inputs stay as they were,
    nothing differs; as they move, the new weights meet inputs scaled for an old version. A push
    after the repair brings both. Source: Sculley et al., Hidden Technical Debt in Machine Learning
    Systems (2015): configuration and glue code that belong to a model, and live apart from it.
    """

    example: ClassVar[str] = """
        kind: stale_scaler
        at: 16d
        until: 24d
        component: rollout
    """

    kind: Literal["stale_scaler"] = "stale_scaler"

    def title(self) -> str:
        return f"{self.component} pushes weights without the constants that scale their inputs"

    def broken(self, settings: PushPath, system: System) -> PushPath:
        return replace(settings, brings_constants=False)

    def repaired(self, settings: PushPath, system: System) -> PushPath:
        return replace(settings, brings_constants=True)
