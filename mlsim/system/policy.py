"""policy: turns scores into an action, which is where the machine reaches into the world."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Literal

from mlsim.engine.columns import Column, Formula
from mlsim.scenario.expressions import Condition, names
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Name
from mlsim.system.base import Inbox, component_kind
from mlsim.system.columns_check import unreadable
from mlsim.system.server import Served

if TYPE_CHECKING:
    from mlsim.system.simulation import System


@component_kind("policy")
class Policy(Served):
    """A decision: `then` is done for requests for which `when` holds.

    A value that is missing (no model has been trained yet) doesn't hold.
    """

    example: ClassVar[str] = """
        kind: policy
        when: risk_model.score > 0.3
        then: isolate
    """

    kind: Literal["policy"] = "policy"
    when: Condition
    """The condition, over scores and features that reach it."""
    then: Name
    """The name of the action; outcomes ask for it as `<component>.<action>`."""

    def needs(self) -> Iterable[str]:
        return names(self.when)

    def outputs(self, name: str) -> Iterable[str]:
        return (f"{name}.{self.then}",)

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        yield from unreadable(scenario, name, [(("when",), used) for used in names(self.when)])

    def first_settings(self, system: "System", name: str) -> Formula:
        return system.formula(self.when, f"policy/{name}")

    def compute(self, settings: Formula, rows: Inbox, column: str) -> Column:
        return settings(rows.visible())
