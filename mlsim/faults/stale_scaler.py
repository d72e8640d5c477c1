"""stale_scaler: a model is pushed, and the constants that its inputs are scaled by are not."""

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


@fault_kind("stale_scaler")
class StaleScaler(Fault):
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
    component: Name
    """The deployer."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        deployers = [n for n, spec in scenario.system.items() if isinstance(spec, Deployer)]
        if self.component not in deployers:
            message = f"no deployer '{self.component}' in system"
            yield ("component",), message, nearest(self.component, deployers)

    def title(self) -> str:
        return f"{self.component} pushes weights without the constants that scale their inputs"

    def begin(self, system: System) -> None:
        deployer = system[self.component]
        deployer.change(replace(deployer.current, brings_constants=False))

    def end(self, system: System) -> None:
        deployer = system[self.component]
        deployer.change(replace(deployer.current, brings_constants=True))
