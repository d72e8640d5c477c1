"""model: a scikit-learn estimator, fitted inside the run and served by numbered versions."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mlsim.engine.columns import Column
from mlsim.errors import nearest
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Name
from mlsim.system.base import Inbox, component_kind
from mlsim.system.classifiers import unusable
from mlsim.system.collector import Collector
from mlsim.system.columns_check import unreadable
from mlsim.system.learning import UNTRAINED, ModelVersion
from mlsim.system.server import Served

if TYPE_CHECKING:
    from mlsim.system.simulation import System


@component_kind("model")
class Model(Served):
    """A learned classifier: it scores each request with the probability that `predicts` is true.

    Version 1 is fitted at day 0 on the rows of the scenario's history that reached a collector.
    Before that there is no score, and a missing input is replaced by its mean in training. While a
    deployer tries out a version, its scores are `<name>.trial_score`, whether or not they are used.
    """

    has_versions: ClassVar[bool] = True
    example: ClassVar[str] = """
        kind: model
        predicts: infected
        inputs: [cough_rate, age]
        learner: random_forest_classifier
        parameters: {n_estimators: 50, max_depth: 6}
        workers: 8
        service_time: lognormal(mean=120ms, cv=0.6)
    """

    kind: Literal["model"] = "model"
    predicts: Name
    """The column of the world that it estimates, true or false."""
    inputs: tuple[str, ...] = Field(min_length=1)
    """Features, and scores of models before it as `<model>.score`."""
    learner: Name = "logistic_regression"
    """A scikit-learn classifier by name: `logistic_regression`, `random_forest_classifier`, ..."""
    parameters: dict[str, Any] = {}
    """Hyperparameters, as scikit-learn names them."""

    def needs(self) -> Iterable[str]:
        return self.inputs

    def labels(self) -> Iterable[str]:
        return (self.predicts,)

    def outputs(self, name: str) -> Iterable[str]:
        return (f"{name}.score", f"{name}.trial_score")

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        truth = scenario.world.columns()
        if self.predicts not in truth:
            message = f"the world has no column '{self.predicts}'"
            yield ("predicts",), message, nearest(self.predicts, truth)
        if self.predicts in self.inputs:
            place = ("inputs", self.inputs.index(self.predicts))
            yield place, f"must not be {self.predicts}, which it is there to find out", ""
        others = [(k, c) for k, c in enumerate(self.inputs) if c != self.predicts]
        yield from unreadable(scenario, name, [(("inputs", k), c) for k, c in others])
        yield from unusable(self.learner, self.parameters)
        collectors = [spec for spec in scenario.system.values() if isinstance(spec, Collector)]
        if not collectors and scenario.is_read("system"):
            yield (), "needs a collector in the system, whose rows it learns from", ""
        if scenario.history == 0:
            yield (), "needs a history in the scenario, from which its first version learns", ""

    def first_settings(self, system: "System", name: str) -> ModelVersion:
        return UNTRAINED

    def warnings(self, system: "System", name: str) -> Iterable[str]:
        if not system[name].current.can_score:
            yield f"{name} was never trained: too few labelled rows had reached a collector"

    def touched(self, settings: ModelVersion, rows: Inbox, column: str) -> NDArray[np.bool_] | bool:
        trial = settings.trial
        if trial is None:
            return settings.touched
        if column.endswith(".trial_score"):
            return trial.version.touched
        return np.where(trial.serves(rows.people), trial.version.touched, settings.touched)

    def compute(self, settings: ModelVersion, rows: Inbox, column: str) -> Column:
        inputs, trial = [rows[name] for name in self.inputs], settings.trial
        if column.endswith(".trial_score"):
            return (trial.version if trial else UNTRAINED).score(inputs)
        scores = settings.score(inputs)
        if trial is None:
            return scores
        return np.where(trial.serves(rows.people), trial.version.score(inputs), scores)


def no_model(scenario: Scenario, name: str) -> tuple[str, str]:
    """Why a name is none of a learned model, and the nearest that is one."""
    models = [n for n, spec in scenario.system.items() if isinstance(spec, Model)]
    if name in scenario.system:
        kind = scenario.system[name].kind
        return f"must be a model that is learned (got '{name}', of kind {kind})", ""
    return f"no model '{name}' in system", nearest(name, models)
