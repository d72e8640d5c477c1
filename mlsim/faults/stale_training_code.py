"""stale_training_code: the trainer picks up an older version of its code or its hyperparameters."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar, Literal

from mlsim.errors import nearest
from mlsim.faults.base import fault_kind
from mlsim.faults.families.training import TrainerFault, model_of
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Name
from mlsim.system.classifiers import unusable
from mlsim.system.model import Model
from mlsim.system.sample import TrainingJob
from mlsim.system.simulation import System


@fault_kind("stale_training_code")
class StaleTrainingCode(TrainerFault):
    """Training runs with another learner, other hyperparameters, or without some inputs: those of a
    branch that should be dead.

    It succeeds, and the version is as new as its number. Source: Kaestner, "training with old
    code or stale hyperparameters".
    """

    example: ClassVar[str] = """
        kind: stale_training_code
        at: 5d
        component: nightly_symptoms
        parameters: {C: 0.0001}
        leaves_out: [no_smell, sore_throat]
    """

    kind: Literal["stale_training_code"] = "stale_training_code"
    learner: Name | None = None
    """The learner of that version; the model's if not given."""
    parameters: dict[str, Any] | None = None
    """The hyperparameters of that version; the model's if not given."""
    leaves_out: tuple[str, ...] = ()
    """Inputs of the model that it didn't know yet."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        if self.learner is None and self.parameters is None and not self.leaves_out:
            yield (), "needs learner, parameters or leaves_out", ""
        model = scenario.system.get(model_of(scenario, self.component))
        if not isinstance(model, Model):
            return
        yield from unusable(self.learner or model.learner, self.parameters or {})
        for k, left_out in enumerate(self.leaves_out):
            if left_out not in model.inputs:
                message = f"no input '{left_out}' of the model"
                yield ("leaves_out", k), message, nearest(left_out, model.inputs)
        if set(model.inputs) <= set(self.leaves_out):
            yield ("leaves_out",), "must leave an input to learn from", ""

    def title(self) -> str:
        return f"{self.component} runs old code"

    def broken(self, job: TrainingJob, system: System) -> TrainingJob:
        return replace(
            job,
            learner=self.learner,
            parameters=self.parameters,
            leaves_out=self.leaves_out,
        )

    def repaired(self, job: TrainingJob, system: System) -> TrainingJob:
        return replace(job, learner=None, parameters=None, leaves_out=())
