"""sampling_bias: some rows never reach training."""

from collections.abc import Iterable
from typing import ClassVar, Literal

import numpy as np

from mlsim.engine import draws
from mlsim.faults.base import fault_kind
from mlsim.faults.families.training import TrainingRowsFault, unseen_in_training
from mlsim.scenario.expressions import Condition
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Probability
from mlsim.system.sample import Edit, Sample
from mlsim.system.simulation import System


@fault_kind("sampling_bias")
class SamplingBias(TrainingRowsFault):
    """Rows for which `only` holds don't reach training, nor the holdout that validates it.

    So the gate sees nothing: who is missing from training is missing from its test as well.
    Source: Suresh and Guttag, A framework for understanding sources of harm (2021),
    "representation bias".
    """

    example: ClassVar[str] = """
        kind: sampling_bias
        at: 5d
        component: nightly_risk
        only: age > 60
        share: 0.9
    """

    kind: Literal["sampling_bias"] = "sampling_bias"
    only: Condition
    """Which rows are concerned: a condition over the model's inputs and what is true of the row."""
    share: Probability = 1.0
    """Share of these rows that is missing."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        yield from unseen_in_training(scenario, self.component, "only", self.only)

    def title(self) -> str:
        return f"some rows don't reach {self.component}"

    def edit(self, system: System) -> Edit:
        only, stream = (
            system.formula(self.only, f"fault/{self.called}/only"),
            self.stream(system),
        )

        def without(rows: Sample) -> Sample:
            missing = np.asarray(only(rows.visible()), dtype=bool)
            missing = missing & (draws.uniform(stream, rows.request) < self.share)
            return rows.lacking(missing)

        return without
