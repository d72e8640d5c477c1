"""What faults have in common that act on labels, where they come in."""

from collections.abc import Iterable
from typing import ClassVar

from mlsim.engine.columns import Formula
from mlsim.engine.spread import Spread
from mlsim.errors import nearest
from mlsim.faults.families.component import SettingsFault
from mlsim.scenario.expressions import Condition, names, parse
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Duration, Name, Probability
from mlsim.system.base import Component
from mlsim.system.feedback import Channel, Disturbance, Feedback
from mlsim.system.simulation import System


class LabelFault(SettingsFault):
    """Something goes wrong with some of the labels of a feedback component.

    Which labels, is decided by when their rows were reported. Models learn from what comes in.
    """

    needs: ClassVar[str] = "a feedback"

    component: Name
    """The feedback component."""
    only: Condition = parse("1")
    """Which labels it concerns: a condition over what is true of the row, and was done."""
    share: Probability = 1.0
    """Share of these labels that it reaches in the end."""
    ramp: Duration = 0.0
    """How long it takes until all are reached, one by one; 0 is at once."""

    @staticmethod
    def fits(spec: Component) -> bool:
        return isinstance(spec, Feedback)

    def disturbance(self, spread: Spread, only: Formula) -> Disturbance:
        """What goes wrong, as it spreads."""
        raise NotImplementedError

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        known = [*scenario.world.varying, *scenario.world.columns(), *scenario.outputs()]
        for used in names(self.only):
            if used not in known:
                yield ("only",), f"the world has no column '{used}'", nearest(used, known)

    def sets(self) -> frozenset[str]:
        return frozenset()

    def broken(self, settings: Channel, system: System) -> Channel:
        spread = Spread(float(system.clock.now), self.ramp, self.share, self.stream(system))
        only = system.formula(self.only, f"fault/{self.called}/only")
        return settings.with_disturbance(self.disturbance(spread, only))

    def repaired(self, settings: Channel, system: System) -> Channel:
        return settings.without_disturbance(self.stream(system))
