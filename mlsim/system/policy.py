"""policy: turns scores into an action, which is where the machine reaches into the world."""

from typing import Literal

from collections.abc import Iterable

from mlsim.engine.columns import Column, Formula
from mlsim.scenario.expressions import Condition, names
from mlsim.scenario.units import Name
from mlsim.system.base import Inbox, component_kind
from mlsim.system.server import Served


@component_kind("policy")
class Policy(Served):
    """A decision: `then` is done for requests for which `when` holds.

    A value that is missing (no model has been trained yet) doesn't hold.
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

    def first_settings(self, seed: int, name: str) -> Formula:
        return Formula(self.when, seed, f"policy/{name}")

    def compute(self, settings: Formula, rows: Inbox, column: str) -> Column:
        return settings(rows.visible())
