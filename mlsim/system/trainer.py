"""trainer: fits a new version of a model on what has come in, time and again."""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import simpy
from pydantic import Field

from mlsim.engine.columns import Rows
from mlsim.errors import nearest
from mlsim.scenario.expressions import Condition, names
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Duration, Name, Probability, duration_text
from mlsim.system.base import Component, Link, component_kind
from mlsim.system.collector import Collector
from mlsim.system.deployer import deployer_of, push_takes
from mlsim.system.feedback import Feedback
from mlsim.system.learning import ModelVersion
from mlsim.system.model import Model, no_model
from mlsim.system.quality import MEASURES
from mlsim.system.sample import Sample, TrainingJob

if TYPE_CHECKING:
    from mlsim.system.simulation import System

GATE_NAMES = (*MEASURES, "rows")


@component_kind("trainer")
class Trainer(Component):
    """A training job on a schedule: sample, fit, validate, register, push.

    It learns from the rows of the last `window` whose labels are known by now, as they reached the
    collectors: rows that a fault has spoilt are among them until they leave the window.
    """

    in_flow: ClassVar[bool] = False
    example: ClassVar[str] = """
        kind: trainer
        model: risk_model
        every: 1d
        window: 7d
        gate: auc > 0.8
    """

    kind: Literal["trainer"] = "trainer"
    model: Name
    """The model that it trains; its learner and hyperparameters are used."""
    every: Duration = Field(86400.0, gt=0)
    """Time between two trainings; the first is that long after day 0."""
    window: Duration = Field(14 * 86400.0, gt=0)
    """How old the rows may be."""
    max_rows: int = Field(50_000, ge=100, le=10_000_000)
    """Rows that are used at most: a sample that is the same in every variant of a run."""
    duration: Duration = 1800.0
    """Time that a training takes."""
    holdout: Probability = 0.2
    """Share of the sample that is kept for validation."""
    gate: Condition | None = None
    """What the new version must reach on the holdout, or it is not pushed; as in `auc > 0.8`."""
    features: Literal["logged", "recomputed"] = "logged"
    """`logged`: as they reached the model. `recomputed`: what transforms make is made again from
    what they received, by feature code that training has for itself."""
    slices: dict[Name, Condition] = {}
    """Parts of the rows that are measured as well: `old: age > 65` gives `auc_old` and so on."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        if not isinstance(scenario.system.get(self.model), Model):
            yield ("model",), *no_model(scenario, self.model)
        measured = [*GATE_NAMES, *(f"{n}_{part}" for part in self.slices for n in GATE_NAMES)]
        for used in names(self.gate) if self.gate else ():
            if used not in measured:
                message = f"unknown metric '{used}' (known: {', '.join(GATE_NAMES)})"
                yield ("gate",), message, nearest(used, measured)
        for part, condition in self.slices.items():
            for used in names(condition):
                if used not in (known := visible_in_training(scenario, self.model)):
                    message = f"no column '{used}' in the training rows"
                    yield ("slices", part), message, nearest(used, known)
        if self.window > scenario.history:
            history = duration_text(scenario.history)
            yield ("window",), f"must not be longer than the scenario's history of {history}", ""

    def links(self, name: str, system: Mapping[str, Component]) -> Iterable[Link]:
        """Rows and labels come in; versions go to the model, through its deployer if it has one."""
        model = system[self.model]
        predicts = model.predicts if isinstance(model, Model) else None
        for sender, spec in system.items():
            labels = isinstance(spec, Feedback) and spec.reveals == predicts
            if labels or isinstance(spec, Collector):
                yield Link(sender, name, self.model)
        deployer = deployer_of(system, self.model)
        if deployer is not None:
            yield Link(name, deployer, self.model)
        yield Link(deployer or name, self.model, self.model)

    def first_settings(self, system: "System", name: str) -> TrainingJob:
        return TrainingJob()

    def process(self, system: "System", name: str) -> Generator[simpy.Event, None, None]:
        """The job's life in simulated time."""
        clock = system.clock
        yield clock.timeout(-clock.now)
        while True:
            yield clock.timeout(self.every - clock.now % self.every)
            job: TrainingJob = system[name].current
            if not job.runs:
                clock.process(self._overdue(system, self.duration))
                continue
            if job.late_by:
                clock.process(self._overdue(system, self.duration))
                yield clock.timeout(job.late_by)
            version = self._train(system, job)
            yield clock.timeout(self.duration)
            passed = version.estimator is not None and self._passes(system, version)
            system.registry.add(self.model, replace(version, passed=passed))
            if passed:
                yield from system.push(self.model, version)
            elif version.touched:
                clock.process(self._overdue(system, 0.0))

    def _overdue(self, system: "System", left: float) -> Generator[simpy.Event, None, None]:
        """For lineage: from when on another version would serve, but for a fault.

        left: of the training, in seconds; pushing takes its time behind it.
        """
        yield system.clock.timeout(left + push_takes(system.scenario.system, self.model))
        serving = system[self.model]
        if not serving.current.overdue:
            serving.change(replace(serving.current, overdue=True))

    def rows(self, system: "System", job: TrainingJob) -> Sample:
        """The rows that it would learn from now."""
        now = float(system.clock.now)
        system.settle()
        code = job.code if self.features == "recomputed" else None
        return system.training.sample(self.model, now - self.window, now, self.max_rows, code)

    def _train(self, system: "System", job: TrainingJob) -> ModelVersion:
        rows = job.edited(job.snapshot or self.rows(system, job))
        return system.training.fit(self.model, rows, self.holdout, job, self.slices)

    def _passes(self, system: "System", version: ModelVersion) -> bool:
        if self.gate is None:
            return True
        columns = {name: np.array([value]) for name, value in version.quality.items()}
        nobody = Rows(np.zeros(1, np.int64), np.array([version.trained_at]), columns)
        return bool(system.formula(self.gate, "gate")(nobody)[0])


def visible_in_training(scenario: Scenario, model: str) -> list[str]:
    """What conditions on a model's training rows can name: its inputs, and all that is true."""
    spec = scenario.system.get(model)
    inputs = spec.inputs if isinstance(spec, Model) else ()
    return [*dict.fromkeys([*inputs, *scenario.world.columns(), *scenario.world.varying])]
