"""deployer: brings a version of a model from the registry into production, or back out of it."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import simpy

from mlsim.errors import nearest
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Duration, Name
from mlsim.system.base import Component, component_kind
from mlsim.system.learning import ModelVersion

if TYPE_CHECKING:
    from mlsim.system.simulation import System


@dataclass(frozen=True)
class PushPath:
    """The way to production. arrives: whether a push gets there; success is reported anyway."""

    arrives: bool = True


@component_kind("deployer")
class Deployer(Component):
    """Pushes new versions of models into production and rolls them back.

    It reports success when it has sent a version off. Which version serves, only the model knows.
    """

    in_flow: ClassVar[bool] = False
    example: ClassVar[str] = """
        kind: deployer
        models: [risk_model]
        takes: 10min
    """

    kind: Literal["deployer"] = "deployer"
    models: tuple[Name, ...] = ()
    """The models that it deploys; all of the system if not given."""
    takes: Duration = 0.0
    """Time that a push takes."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        known = [n for n, spec in scenario.system.items() if spec.has_versions]
        for k, model in enumerate(self.models):
            if model not in known:
                yield ("models", k), f"no model '{model}' in system", nearest(model, known)

    def first_settings(self, seed: int, name: str) -> PushPath:
        return PushPath()

    def push(
        self, system: "System", path: PushPath, model: str, version: ModelVersion
    ) -> Generator[simpy.Event, None, None]:
        """Send a version to production; `path` is the way as it is now."""
        yield system.clock.timeout(self.takes)
        serving = system[model]
        if path.arrives:
            serving.change(version)
        elif serving.current.number != version.number:
            serving.change(replace(serving.current, overdue=True))
        system.registry.deployed[model].append((float(system.clock.now), version.number))

    def rollback(self, system: "System", model: str) -> None:
        """Bring back the newest older version that has served, if there is one."""
        serving = system[model].current.number
        # Number 0 is the absence of a model; and a rollback must not undo the one before it.
        earlier = [v.number for v in system[model].settings if 0 < v.number < serving]
        if earlier:
            system[model].change(system.registry.version(model, max(earlier)))
            system.registry.deployed[model].append((float(system.clock.now), max(earlier)))
