"""library_skew: a feature is computed by other code than the one that models were trained with."""

from collections.abc import Iterable
from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.column import ColumnFault
from mlsim.scenario.expressions import NumberExpression, names
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.system.base import Component
from mlsim.system.columns_check import unreadable
from mlsim.system.output import Alter
from mlsim.system.simulation import System
from mlsim.system.transform import Transform


@fault_kind("library_skew")
class LibrarySkew(ColumnFault):
    """A transform makes a feature by another formula: another version of a library rounds
    otherwise, fills in another default, divides by n instead of n - 1.

    Who trains on what was served before, or with feature code of its own, learned another feature.
    Source: Kaestner, training/serving skew; Breck et al., The ML Test Score (2017), Monitor 3.
    """

    example: ClassVar[str] = """
        kind: library_skew
        at: 5d
        component: features
        column: temperature
        computes: floor(temperature)
    """

    needs: ClassVar[str] = "a transform"
    kind: Literal["library_skew"] = "library_skew"
    computes: NumberExpression
    """The other formula, over what the transform receives."""

    @staticmethod
    def fits(spec: Component) -> bool:
        return isinstance(spec, Transform)

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        if isinstance(scenario.system.get(self.component), Transform):
            used = [(("computes",), one) for one in names(self.computes)]
            yield from unreadable(scenario, self.component, used)

    def title(self) -> str:
        return f"{self.component} computes {self.column} as {self.computes}"

    def alteration(self, system: System) -> Alter:
        formula = system.formula(self.computes, f"fault/{self.called}/feature")
        return lambda values, rows: formula(rows.visible())
