"""lost_push: pushes report success and leave the old model serving."""

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar, Literal

from mlsim.errors import nearest
from mlsim.faults.base import Fault, fault_kind
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Name
from mlsim.system.deployer import Deployer
from mlsim.system.simulation import System


@fault_kind("lost_push")
class LostPush(Fault):
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
    component: Name
    """The deployer."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        deployers = [n for n, spec in scenario.system.items() if isinstance(spec, Deployer)]
        if self.component not in deployers:
            message = f"no deployer '{self.component}' in system"
            yield ("component",), message, nearest(self.component, deployers)

    def title(self) -> str:
        return f"pushes of {self.component} are lost, and reported as done"

    def begin(self, system: System) -> None:
        deployer = system[self.component]
        deployer.change(replace(deployer.current, arrives=False))

    def end(self, system: System) -> None:
        deployer = system[self.component]
        deployer.change(replace(deployer.current, arrives=True))
