"""wrong_source: training reads another table than it should: the test table, or the pilot's."""

from collections.abc import Iterable
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mlsim.engine import draws
from mlsim.faults.base import fault_kind
from mlsim.faults.families.training import TrainingRowsFault, unseen_in_training
from mlsim.scenario.expressions import Condition, parse
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.system.sample import Edit, Sample
from mlsim.system.simulation import System


@fault_kind("wrong_source")
class WrongSource(TrainingRowsFault):
    """Training reads a table of its schema in which there are other rows: those of a pilot, or a
    test table in which half of the rows are positive.

    All columns are there and in range, and the model is good on that table's own holdout; on those
    whom it serves its probabilities are wrong. Source: Kaestner, "wrong data source".
    """

    example: ClassVar[str] = """
        kind: wrong_source
        at: 5d
        component: nightly_risk
        holds: age < 40
        positives: 0.5
    """

    kind: Literal["wrong_source"] = "wrong_source"
    holds: Condition = parse("1")
    """Which rows are in that table: a condition over the model's inputs and what is true."""
    positives: float | None = Field(None, gt=0, lt=1)
    """Share of true labels to which that table has been balanced; as they come if not given."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        yield from unseen_in_training(scenario, self.component, "holds", self.holds)

    def title(self) -> str:
        return f"{self.component} reads the wrong table"

    def edit(self, system: System) -> Edit:
        holds, stream = (
            system.formula(self.holds, f"fault/{self.called}"),
            self.stream(system),
        )

        def other_table(rows: Sample) -> Sample:
            rows = rows.lacking(~np.asarray(holds(rows.visible()), dtype=bool))
            if self.positives is None:
                return rows
            return rows.lacking(surplus(rows, self.positives, draws.uniform(stream, rows.request)))

        return other_table


def surplus(rows: Sample, positives: float, luck: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows of the more frequent label are too many for a share of positives, bool[n]."""
    true = int(rows.label.sum())
    false = rows.label.size - true
    odds = positives / (1 - positives)
    # Those of the one label stay as they are; of the other, this share is more than fits.
    keep_true, keep_false = (
        min(1.0, false * odds / max(true, 1)),
        min(1.0, true / odds / max(false, 1)),
    )
    return np.asarray(luck >= np.where(rows.label, keep_true, keep_false))
