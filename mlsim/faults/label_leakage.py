"""label_leakage: in training, a feature knows the label; in production it can't."""

from collections.abc import Iterable
from typing import ClassVar, Literal

import numpy as np

from mlsim.engine import draws
from mlsim.errors import nearest
from mlsim.faults.base import fault_kind
from mlsim.faults.families.training import TrainingRowsFault, model_of, unseen_in_training
from mlsim.scenario.expressions import NumberExpression
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Probability
from mlsim.system.model import Model
from mlsim.system.sample import Edit, Sample
from mlsim.system.simulation import System


@fault_kind("label_leakage")
class LabelLeakage(TrainingRowsFault):
    """An input of the model is taken, in training, from a table that was updated after the event.

    A number of visits, say, with those that only the diagnosis brought about. On the holdout the
    model is better than ever, so the gate waves it through; where it serves, the feature is what it
    always was. Source: Kaufman et al., Leakage in data mining (2012).
    """

    example: ClassVar[str] = """
        kind: label_leakage
        at: 5d
        component: nightly_symptoms
        column: age
        becomes: age + 20 * infected
    """

    kind: Literal["label_leakage"] = "label_leakage"
    column: str
    """The input of the model, as the model names it."""
    becomes: NumberExpression
    """What training finds there: over the model's inputs and what is true, the label included."""
    share: Probability = 1.0
    """Share of the rows that had been updated."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        yield from unseen_in_training(scenario, self.component, "becomes", self.becomes)
        model = scenario.system.get(model_of(scenario, self.component))
        if isinstance(model, Model) and self.column not in model.inputs:
            message = f"no input '{self.column}' of the model"
            yield ("column",), message, nearest(self.column, model.inputs)

    def title(self) -> str:
        return f"{self.column} knows the label when {self.component} learns"

    def edit(self, system: System) -> Edit:
        later = system.formula(self.becomes, f"fault/{self.called}/later")
        stream = self.stream(system)

        def updated(rows: Sample) -> Sample:
            reached = draws.uniform(stream, rows.request) < self.share
            now = rows.inputs[self.column]
            return rows.with_input(self.column, np.where(reached, later(rows.visible()), now))

        return updated
