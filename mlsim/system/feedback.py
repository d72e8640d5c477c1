"""feedback: how the truth comes to light later, for some, with a bias, after a delay."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from mlsim.engine import draws
from mlsim.engine.columns import Column, Formula, Rows
from mlsim.engine.spread import Spread
from mlsim.errors import nearest
from mlsim.scenario.expressions import DurationExpression, NumberExpression, names, parse
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Name
from mlsim.system.base import Component, component_kind

if TYPE_CHECKING:
    from mlsim.system.simulation import System


@dataclass(frozen=True)
class Disturbance:
    """Something that goes wrong with labels on their way.

    spread: whom it reaches. only: the labels that it concerns, a condition over what is true.
    loses: they never come. inverts: they say the contrary. delay: they come that much later, in s.
    """

    spread: Spread
    only: Formula
    loses: bool = False
    inverts: bool = False
    delay: float = 0.0

    def hits(self, rows: Rows) -> NDArray[np.bool_]:
        """Which of n labels go wrong, by when their rows were reported."""
        reached = self.spread.has_reached(rows.ids, rows.time)
        if not reached.any():
            return reached
        return np.asarray(reached & np.asarray(self.only(rows), dtype=bool))


@dataclass(frozen=True)
class Channel:
    """How labels come in now. share: P(the truth of a row comes to light); delay: in seconds."""

    share: Formula
    delay: Formula
    luck: np.uint64
    disturbances: tuple[Disturbance, ...] = ()

    def known_at(self, rows: Rows) -> NDArray[np.float64]:
        """When the label of each row becomes known, float64[n] in seconds; inf for never.

        rows: with the true columns in sight; their time is when they were reported.
        """
        known = np.where(self._comes(rows), rows.time + self.delay(rows), np.inf)
        for one in self.disturbances:
            if one.loses or one.delay:
                known = known + np.where(one.hits(rows), np.inf if one.loses else one.delay, 0.0)
        return known

    def reported(self, label: Column, rows: Rows) -> Column:
        """What comes in as the label of each row, if any does; shape (n,)."""
        for one in self.disturbances:
            if one.inverts:
                label = np.where(one.hits(rows), label == 0, label)
        return label

    def touched(self, rows: Rows) -> NDArray[np.bool_]:
        """Which labels a fault has had its hand in, bool[n]; those that it lost as well.

        What would never have come to light, it can't touch.
        """
        touched = np.zeros(rows.ids.shape, bool)
        for one in self.disturbances:
            touched |= one.hits(rows)
        return touched & self._comes(rows) if self.disturbances else touched

    def _comes(self, rows: Rows) -> NDArray[np.bool_]:
        """Which labels come to light, if nothing goes wrong, bool[n]."""
        return np.asarray(draws.uniform(self.luck, rows.ids) < self.share(rows))

    def with_disturbance(self, disturbance: Disturbance) -> "Channel":
        """The same channel, with one more thing that goes wrong."""
        return replace(self, disturbances=(*self.disturbances, disturbance))

    def without_disturbance(self, stream: np.uint64) -> "Channel":
        """The same channel, with the disturbance of that stream repaired."""
        kept = tuple(d for d in self.disturbances if d.spread.stream != stream)
        return replace(self, disturbances=kept)


@component_kind("feedback")
class Feedback(Component):
    """Labels: for a share of the rows it becomes known, late, what was true.

    `share` may depend on the truth, as when people who feel ill get themselves tested more often,
    and on what the machine did, as when nobody learns what a refused loan would have come to: such
    labels are biased, and the model learns from what it has caused. What is not revealed stays
    unknown.
    """

    in_flow: ClassVar[bool] = False
    example: ClassVar[str] = """
        kind: feedback
        reveals: infected
        share: 0.1 + 0.5 * (temperature > 37.5)
        delay: lognormal(mean=2d, cv=0.4)
    """

    kind: Literal["feedback"] = "feedback"
    reveals: Name
    """The column of the world that becomes known."""
    share: NumberExpression = parse("1")
    """Probability that a row is revealed; an expression over what is true of it, and was done."""
    delay: DurationExpression = parse("0s")
    """Time from the report of a row until its label is known."""

    def labels(self) -> Iterable[str]:
        return (self.reveals,)

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        truth = {*scenario.world.varying, *scenario.world.columns()}
        known = {*truth, *scenario.outputs()}
        if self.reveals not in scenario.world.columns():
            message = f"the world has no column '{self.reveals}'"
            yield ("reveals",), message, nearest(self.reveals, truth)
        for key, expression in (("share", self.share), ("delay", self.delay)):
            for used in names(expression):
                if used not in known:
                    yield (key,), f"the world has no column '{used}'", nearest(used, known)

    def first_settings(self, system: "System", name: str) -> Channel:
        return Channel(
            share=system.formula(self.share, f"feedback/{name}/share"),
            delay=system.formula(self.delay, f"feedback/{name}/delay"),
            luck=draws.stream(system.seed, f"feedback/{name}/luck"),
        )
