"""rollback: an alert brings the version of a model back that served before."""

from collections.abc import Iterable
from typing import Literal

from mlsim.errors import nearest
from mlsim.scenario.kinds import Mistake, Spec
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Name
from mlsim.system.deployer import Deployer
from mlsim.system.model import Model
from mlsim.system.simulation import System


class Rollback(Spec):
    """When an alert begins to fire, a deployer rolls a model back to the version before.

    Where no older version has served, nothing happens; where pushes are lost, so is a rollback. The
    next push brings a new version as ever.
    """

    alert: str
    """The alert on which it is called, by the name of its rule."""
    call: Literal["rollback"]
    """What is called."""
    component: Name
    """The deployer."""
    model: Name
    """The model that is rolled back."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        deployers = {n: c for n, c in scenario.system.items() if isinstance(c, Deployer)}
        if self.component not in deployers:
            message = f"no deployer '{self.component}' in the scenario's system"
            yield ("component",), message, nearest(self.component, deployers)
            return
        deploys = deployers[self.component].deploys
        models = [n for n, c in scenario.system.items() if isinstance(c, Model) and deploys(n)]
        if self.model not in models:
            message = f"{self.component} deploys no model '{self.model}'"
            yield ("model",), message, nearest(self.model, models)

    def act(self, system: System) -> tuple[int, int]:
        """Roll back; gives the version that served before, and the one that serves now."""
        before = system[self.model].current.number
        deployer = system[self.component]
        assert isinstance(deployer.spec, Deployer)  # `problems` has looked.
        deployer.spec.rollback(system, deployer.current, self.model)
        return before, system[self.model].current.number
