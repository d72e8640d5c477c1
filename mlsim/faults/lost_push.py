"""lost_push: pushes report success and leave the old model serving."""

from dataclasses import replace
from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.deploying import DeployerFault
from mlsim.system.deployer import PushPath
from mlsim.system.simulation import System


@fault_kind("lost_push")
class LostPush(DeployerFault):
    """What a deployer sends off doesn't arrive; it reports success all the same.

    Training goes on, gates pass, dashboards of the pipeline are green, and the old model serves.
    Source: Kaestner, "failure to push updated model into production".
    """

    example: ClassVar[str] = """
        kind: lost_push
        at: 16d
        until: 24d
        component: rollout
    """

    kind: Literal["lost_push"] = "lost_push"

    def title(self) -> str:
        return f"pushes of {self.component} are lost, and reported as done"

    def broken(self, settings: PushPath, system: System) -> PushPath:
        return replace(settings, arrives=False)

    def repaired(self, settings: PushPath, system: System) -> PushPath:
        return replace(settings, arrives=True)
