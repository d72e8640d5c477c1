"""Choices in the flow: which branch a row takes, by what it carries when it comes there."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.columns import Column, Formula, Rows, holds
from mlsim.errors import nearest
from mlsim.scenario.calendar import calendar_offset
from mlsim.scenario.checks import scenario_check
from mlsim.scenario.flow_checks import is_connected
from mlsim.scenario.flow_steps import Choice, choices, step_names
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.system.wiring import UnknownColumnError, Wiring, needed_by


@dataclass(frozen=True)
class Conditions:
    """The conditions of a choice, with the luck of those that are random."""

    formulas: tuple[Formula, ...]

    @classmethod
    def of(cls, choice: Choice, seed: int, calendar: float) -> "Conditions":
        """Their streams bear the name of the first component that is chosen."""
        first = next(step_names(choice.branches[0]))
        return cls(
            tuple(
                Formula(condition, seed, f"choice/{first}/{k}", calendar)
                for k, condition in enumerate(choice.conditions)
            )
        )

    def branch(self, rows: Rows) -> NDArray[np.int64]:
        """The branch that each row takes, int64[n]: the first whose condition holds, or the last.

        What is missing doesn't hold.
        """
        taken = np.full(rows.ids.shape, len(self.formulas), np.int64)
        for k in reversed(range(len(self.formulas))):
            taken[holds(self.formulas[k](rows))] = k
        return taken


def conditions_of(scenario: Scenario, seed: int) -> dict[Choice, Conditions]:
    """The conditions of all choices in the flow."""
    calendar = calendar_offset(scenario.start)
    found = (choice for chain in scenario.flow for choice in choices(chain.steps))
    return {choice: Conditions.of(choice, seed, calendar) for choice in found}


class Asked(Mapping[str, Column]):
    """Columns of rows, each computed by `ask` when it is needed."""

    def __init__(self, known: Iterable[str], ask: Callable[[str], Column]):
        self._known, self._ask = tuple(known), ask

    def __getitem__(self, name: str) -> Column:
        return self._ask(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


@scenario_check
def unreadable_conditions(scenario: Scenario) -> Iterator[Mistake]:
    """Columns that choices in the flow need, and that don't reach them."""
    asked = [(n, choice) for n, line in enumerate(scenario.flow) for choice in choices(line.steps)]
    if not asked or not is_connected(scenario):
        return
    wiring = Wiring.of(scenario)
    for number, choice in asked:
        for column in needed_by(choice):
            try:
                wiring.source(choice, column)
            except UnknownColumnError as error:
                known = f" (what does: {', '.join(error.known)})" if error.few else ""
                message = f"no '{column}' reaches the choice {choice}{known}"
                yield ("flow", number), message, nearest(column, error.known)
