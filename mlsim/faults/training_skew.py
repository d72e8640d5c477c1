"""training_skew: training makes a feature by other code than serving does."""

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar, Literal

from mlsim.errors import nearest
from mlsim.faults.base import fault_kind
from mlsim.faults.families.training import TrainerFault
from mlsim.scenario.expressions import NumberExpression, names
from mlsim.scenario.flow_checks import is_connected
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.system.model import Model
from mlsim.system.sample import TrainingJob
from mlsim.system.simulation import System
from mlsim.system.trainer import Trainer
from mlsim.system.transform import Transform


@fault_kind("training_skew")
class TrainingSkew(TrainerFault):
    """The feature code of training changes, and that of serving stays: somebody cleaned it up.

    On its own holdout, made by the same code, a version is as good as ever; in production it gets
    another feature under the same name. Needs a trainer with `features: recomputed`. Source:
    Breck et al., The ML Test Score (2017), Monitor 3: training/serving skew.
    """

    example: ClassVar[str] = """
        kind: training_skew
        at: 5d
        component: nightly_symptoms
        column: fever
        computes: temperature - 98.6
    """

    kind: Literal["training_skew"] = "training_skew"
    column: str
    """The feature: an input of the model that a transform makes."""
    computes: NumberExpression
    """How training makes it, over what the transform receives."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        trainer = scenario.system.get(self.component)
        if not isinstance(trainer, Trainer) or not is_connected(scenario):
            return
        if trainer.features != "recomputed":
            yield ("component",), f"{self.component} needs features: recomputed", ""
        model = scenario.system.get(trainer.model)
        inputs = model.inputs if isinstance(model, Model) else ()
        transforms = [t for t in scenario.system.values() if isinstance(t, Transform)]
        made = {feature: t for t in transforms for feature in t.makes if feature in inputs}
        if self.column not in made:
            message = f"no transform makes an input '{self.column}' of {trainer.model}"
            yield ("column",), message, nearest(self.column, made)
            return
        received = list(made[self.column].needs())
        for used in names(self.computes):
            if used not in received:
                yield ("computes",), f"no '{used}' is logged", nearest(used, received)

    def title(self) -> str:
        return f"{self.component} computes {self.column} as {self.computes}"

    def broken(self, job: TrainingJob, system: System) -> TrainingJob:
        formula = system.formula(self.computes, f"fault/{self.called}/feature")
        return replace(job, code={**job.code, self.column: formula})

    def repaired(self, job: TrainingJob, system: System) -> TrainingJob:
        return replace(job, code={c: f for c, f in job.code.items() if c != self.column})
