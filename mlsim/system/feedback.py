"""feedback: how the truth comes to light later, for some, with a bias, after a delay."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from mlsim.engine import draws
from mlsim.engine.columns import Formula, Rows
from mlsim.errors import nearest
from mlsim.scenario.expressions import DurationExpression, NumberExpression, names, parse
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Name
from mlsim.system.base import Component, component_kind


@dataclass(frozen=True)
class Channel:
    """How labels come in now. share: P(the truth of a row comes to light); delay: in seconds."""

    share: Formula
    delay: Formula
    luck: np.uint64

    def known_at(self, rows: Rows) -> NDArray[np.float64]:
        """When the label of each row becomes known, float64[n] in seconds; inf for never.

        rows: with the true columns in sight; their time is when they were reported.
        """
        chosen = draws.uniform(self.luck, rows.ids) < self.share(rows)
        return np.where(chosen, rows.time + self.delay(rows), np.inf)


@component_kind("feedback")
class Feedback(Component):
    """Labels: for a share of the rows it becomes known, late, what was true.

    `share` may depend on the truth, as when people who feel ill get themselves tested more often:
    such labels are biased. What is not revealed stays unknown.
    """

    in_flow: ClassVar[bool] = False

    kind: Literal["feedback"] = "feedback"
    reveals: Name
    """The column of the world that becomes known."""
    share: NumberExpression = parse("1")
    """Probability that a row is revealed; an expression over what is true of it."""
    delay: DurationExpression = parse("0s")
    """Time from the report of a row until its label is known."""

    def labels(self) -> Iterable[str]:
        return (self.reveals,)

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        truth = {*scenario.world.drivers, *scenario.world.columns()}
        if self.reveals not in scenario.world.columns():
            message = f"the world has no column '{self.reveals}'"
            yield ("reveals",), message, nearest(self.reveals, truth)
        for key, expression in (("share", self.share), ("delay", self.delay)):
            for used in names(expression):
                if used not in truth:
                    yield (key,), f"the world has no column '{used}'", nearest(used, truth)

    def first_settings(self, seed: int, name: str) -> Channel:
        return Channel(
            share=Formula(self.share, seed, f"feedback/{name}/share"),
            delay=Formula(self.delay, seed, f"feedback/{name}/delay"),
            luck=draws.stream(seed, f"feedback/{name}/luck"),
        )
