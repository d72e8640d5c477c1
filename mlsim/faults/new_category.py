"""new_category: a code is sent that no consumer has ever seen."""

from collections.abc import Iterable
from typing import ClassVar, Literal

import numpy as np

from mlsim.faults.base import fault_kind
from mlsim.faults.families.column import ColumnFault
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.system.output import Alter
from mlsim.system.simulation import System


@fault_kind("new_category")
class NewCategory(ColumnFault):
    """A `share` of the rows carries a new category: a new device, a new country, a new product.

    A linear model extrapolates to it as if codes were amounts; a tree puts it to its neighbour.
    Source: Breck et al., Data Validation for Machine Learning (2019), on unexpected categories.
    """

    example: ClassVar[str] = """
        kind: new_category
        at: 5d
        component: phone
        column: no_smell
        code: 2
        share: 0.3
    """

    kind: Literal["new_category"] = "new_category"
    code: int | None = None
    """The code that is sent; the one after the last of the column's `categories` if not given."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        column = scenario.world.columns().get(self.column)
        known = column.categories if column else ()
        if self.code is None and not known:
            yield (), f"needs a code: {self.column} states no categories in world", ""
        elif self.code is not None and 0 <= self.code < len(known):
            yield ("code",), f"must be a new one, and {self.code} is {known[self.code]}", ""

    def title(self) -> str:
        return f"{self.component} sends a {self.column} that nobody knows"

    def alteration(self, system: System) -> Alter:
        code = self.code
        if code is None:
            code = len(system.scenario.world.columns()[self.column].categories)
        return lambda values, rows: np.full(values.shape, float(code))
