"""concept_drift: what is looked for hangs together with the inputs in another way than before."""

from collections.abc import Iterable
from typing import ClassVar, Literal

from mlsim.engine.spread import Spread
from mlsim.faults.base import fault_kind
from mlsim.faults.families.world_change import WorldChange, out_of_sight, per_request
from mlsim.scenario.expressions import NumberExpression
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.system.simulation import System
from mlsim.world.alteration import Alteration


@fault_kind("concept_drift")
class ConceptDrift(WorldChange):
    """A column of the world comes about by another law, with the same luck for everybody.

    Where the column is a label and its share of true rows stays, the inputs are distributed as
    ever, and no drift check on them can see it: only labels can. Source: Gama et al., A survey on
    concept drift adaptation (2014), "real concept drift".
    """

    example: ClassVar[str] = """
kind: concept_drift
at: 10d
ramp: 2d
column: infected
becomes: bernoulli(prevalence * (1 + no_smell))
"""

    kind: Literal["concept_drift"] = "concept_drift"
    column: str
    """The column, drawn per request; a label, say."""
    becomes: NumberExpression
    """Its new law, over what is drawn before it."""

    @property
    def changes(self) -> str:
        return self.column

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        unfit = list(per_request(scenario, self.column))
        yield from unfit or out_of_sight(scenario, self.column, self.becomes)

    def title(self) -> str:
        return f"{self.column} comes about in another way"

    def alteration(self, system: System, spread: Spread) -> Alteration:
        law = system.world.formula(self.column, self.becomes)
        return Alteration(spread, lambda values, rows: law(rows))
