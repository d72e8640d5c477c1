"""What faults have in common that act on labels, where they come in."""

from collections.abc import Iterable

import numpy as np

from mlsim.engine import draws
from mlsim.engine.columns import Formula
from mlsim.engine.spread import Spread
from mlsim.errors import nearest
from mlsim.faults.base import Fault
from mlsim.scenario.expressions import Condition, names, parse
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Duration, Name, Probability
from mlsim.system.feedback import Disturbance, Feedback
from mlsim.system.simulation import System


class LabelFault(Fault):
    """Something goes wrong with some of the labels of a feedback component.

    Which labels, is decided by when their rows were reported. Models learn from what comes in.
    """

    component: Name
    """The feedback component."""
    only: Condition = parse("1")
    """Which labels it concerns: a condition over what is true of the row, and was done."""
    share: Probability = 1.0
    """Share of these labels that it reaches in the end."""
    ramp: Duration = 0.0
    """How long it takes until all are reached, one by one; 0 is at once."""

    def disturbance(self, spread: Spread, only: Formula) -> Disturbance:
        """What goes wrong, as it spreads."""
        raise NotImplementedError

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        channels = [n for n, spec in scenario.system.items() if isinstance(spec, Feedback)]
        if self.component not in channels:
            message = f"no feedback '{self.component}' in system"
            yield ("component",), message, nearest(self.component, channels)
        known = [*scenario.world.varying, *scenario.world.columns(), *scenario.outputs()]
        for used in names(self.only):
            if used not in known:
                yield ("only",), f"the world has no column '{used}'", nearest(used, known)

    def begin(self, system: System) -> None:
        spread = Spread(float(system.clock.now), self.ramp, self.share, self._stream(system))
        only = Formula(self.only, system.seed, f"fault/{self.called}/only")
        feedback = system[self.component]
        feedback.change(feedback.current.with_disturbance(self.disturbance(spread, only)))

    def end(self, system: System) -> None:
        feedback = system[self.component]
        feedback.change(feedback.current.without_disturbance(self._stream(system)))

    def _stream(self, system: System) -> np.uint64:
        return draws.stream(system.seed, f"fault/{self.called}")
