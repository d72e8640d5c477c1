"""deployer: brings a version of a model from the registry into production, or back out of it."""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import simpy
from pydantic import Field

from mlsim.engine import draws
from mlsim.engine.columns import Rows
from mlsim.errors import nearest
from mlsim.scenario.expressions import Condition, Expression, names
from mlsim.scenario.kinds import Mistake, Spec
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Duration, Name, Probability
from mlsim.system.base import Component, Deployed, component_kind
from mlsim.system.learning import ModelVersion, Trial
from mlsim.system.model import Model
from mlsim.system.quality import MEASURES, measure

if TYPE_CHECKING:
    from mlsim.system.simulation import System


ROWS = 50_000
"""Rows on which two versions are compared at most."""


@dataclass(frozen=True)
class PushPath:
    """The way to production.

    arrives: whether a push gets there; success is reported anyway. brings_constants: whether the
    constants that standardise a version's inputs go with it.
    """

    arrives: bool = True
    brings_constants: bool = True


class TryOut(Spec):
    """How a version is tried out before it serves everybody."""

    share: Probability = 0.05
    """Share of the people whom it serves meanwhile; 0 for a shadow, whose scores nobody uses."""
    for_: Duration = Field(alias="for", gt=0)
    """How long."""
    promote: Condition | None = None
    """What it must reach, as in `new.auc >= old.auc - 0.02`: both versions are judged on all rows
    of that time whose labels have come by then. It is withdrawn if not."""


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
    canary: TryOut | None = None
    """Try a new version of a learned model out first: on some people, or as a shadow."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        known = [n for n, spec in scenario.system.items() if spec.has_versions]
        for k, model in enumerate(self.models):
            if model not in known:
                yield ("models", k), f"no model '{model}' in system", nearest(model, known)
        if self.canary is not None and self.canary.promote is not None:
            yield from _incomparable(scenario, self.canary.for_, self.canary.promote)

    def deploys(self, model: str) -> bool:
        """Whether versions of a model go to production through it."""
        return not self.models or model in self.models

    def first_settings(self, system: "System", name: str) -> PushPath:
        return PushPath()

    def push(
        self, system: "System", path: PushPath, model: str, version: ModelVersion
    ) -> Generator[simpy.Event, None, None]:
        """Send a version to production; `path` is the way as it is now."""
        yield system.clock.timeout(self.takes)
        serving = system[model]
        tries_out = isinstance(serving.spec, Model) and serving.current.can_score
        if path.arrives and self.canary and tries_out:
            version = _as_brought(path, serving, version)
            yield from self._try_out(system, serving, version, self.canary)
        else:
            self._send(system, path, serving, version)

    def _send(
        self, system: "System", path: PushPath, serving: Deployed, version: ModelVersion
    ) -> None:
        """Have a version serve, if it gets there, and report success in any case."""
        if path.arrives:
            serving.change(_as_brought(path, serving, version))
        elif serving.current.number != version.number:
            serving.change(replace(serving.current, overdue=True))
        system.registry.deployed[serving.name].append((float(system.clock.now), version.number))

    def _try_out(
        self, system: "System", serving: Deployed, version: ModelVersion, how: TryOut
    ) -> Generator[simpy.Event, None, None]:
        stream = draws.stream(system.seed, f"canary/{serving.name}")
        trial, begin = Trial(version, how.share, stream), float(system.clock.now)
        serving.change(replace(serving.current, trial=trial))
        yield system.clock.timeout(how.for_)
        old = serving.current
        if old.trial is not trial:
            return  # meanwhile somebody has pushed or rolled back
        if self._promotes(system, serving.name, trial, begin):
            serving.change(version)
            system.registry.deployed[serving.name].append((float(system.clock.now), version.number))
        else:
            serving.change(replace(old, trial=None, overdue=old.overdue or version.touched))

    def _promotes(self, system: "System", model: str, trial: Trial, begin: float) -> bool:
        """Whether the version on trial is as good as it must be, on rows since `begin`."""
        assert self.canary is not None
        if self.canary.promote is None:
            return True
        system.settle()
        now = float(system.clock.now)
        rows = system.training.sample(model, begin, now, ROWS)
        versions = {"new": trial.version, "old": system[model].current}
        qualities = {
            f"{who}.{what}": np.array([value])
            for who, one in versions.items()
            for what, value in measure(one.score(list(rows.inputs.values())), rows.label).items()
        }
        nobody = Rows(np.zeros(1, np.int64), np.array([now]), qualities)
        return bool(system.formula(self.canary.promote, "promote")(nobody)[0])

    def rollback(self, system: "System", path: PushPath, model: str) -> None:
        """Bring back the newest older version that has served, if there is one.

        It takes the way of a push, `path` as it is now, and is lost where pushes are.
        """
        serving = system[model]
        # Number 0 is the absence of a model; and a rollback must not undo the one before it.
        earlier = [v.number for v in serving.settings if 0 < v.number < serving.current.number]
        if earlier:
            self._send(system, path, serving, system.registry.version(model, max(earlier)))


def _as_brought(path: PushPath, serving: Deployed, version: ModelVersion) -> ModelVersion:
    """A version as it is when it has arrived."""
    if path.brings_constants or not isinstance(serving.spec, Model):
        return version
    return version.scaled_as(serving.current)


def deployer_of(system: Mapping[str, Component], model: str) -> str | None:
    """Through whom versions of a model go to production: the first that deploys it, if any."""
    deployers = (n for n, c in system.items() if isinstance(c, Deployer) and c.deploys(model))
    return next(deployers, None)


def push_takes(system: Mapping[str, Component], model: str) -> float:
    """Seconds from the push of a version to when it serves everybody, if nothing is wrong."""
    deployer = system.get(deployer_of(system, model) or "")
    if not isinstance(deployer, Deployer):
        return 0.0
    return deployer.takes + (deployer.canary.for_ if deployer.canary else 0.0)


def _incomparable(scenario: Scenario, lasts: float, promote: Expression) -> Iterable[Mistake]:
    """Why versions can't be compared on the rows of a trial that `lasts` so long, in seconds."""
    known = [f"{who}.{what}" for who in ("new", "old") for what in (*MEASURES, "rows")]
    for used in names(promote):
        if used not in known:
            yield ("canary", "promote"), f"unknown metric '{used}'", nearest(used, known)
    windows = [spec.window for spec in scenario.system.values() if spec.kind == "trainer"]
    if max(windows, default=0.0) < lasts:
        message = "needs a trainer whose window is as long as the trial: its rows are compared"
        yield ("canary", "for"), message, ""
