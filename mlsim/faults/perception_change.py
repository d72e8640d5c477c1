"""perception_change: a channel model perceives with other errors than were stated of it."""

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar, Literal

from mlsim.engine.spread import Spread
from mlsim.faults.base import fault_kind
from mlsim.faults.families.component import SettingsFault
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Duration, Name, Probability
from mlsim.system.base import Component
from mlsim.system.channel_model import ChannelModel, ChannelVersion, Confusion, Haze
from mlsim.system.simulation import System


@fault_kind("perception_change")
class PerceptionChange(Confusion, SettingsFault):
    """What a channel model perceives is another picture: the lens is dirty, the microphone another
    one, people wear masks.

    The model is as it was, and so is whatever it writes into its report; later versions look
    through the same lens. Source: Hendrycks and Dietterich, Benchmarking Neural Network Robustness
    to Common Corruptions and Perturbations (2019).
    """

    needs: ClassVar[str] = "a channel_model"
    example: ClassVar[str] = """
        kind: perception_change
        at: 5d
        until: 12d
        ramp: 3d
        component: camera
        sensitivity: 0.4
        specificity: 0.95
    """

    kind: Literal["perception_change"] = "perception_change"
    component: Name
    """The channel model."""
    ramp: Duration = 0.0
    """How long it takes until all rows are reached, one by one; 0 is at once."""
    share: Probability = 1.0
    """Share of the rows that are reached in the end."""

    @staticmethod
    def fits(spec: Component) -> bool:
        return isinstance(spec, ChannelModel)

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        yield from self.unknown_names(scenario)

    def title(self) -> str:
        return f"{self.component} perceives with other errors"

    def sets(self) -> frozenset[str]:
        return frozenset()

    def broken(self, settings: ChannelVersion, system: System) -> ChannelVersion:
        spread = Spread(float(system.clock.now), self.ramp, self.share, self.stream(system))
        haze = Haze(self.perception(system, self.component), spread)
        return replace(settings, hazes=(*settings.hazes, haze))

    def repaired(self, settings: ChannelVersion, system: System) -> ChannelVersion:
        own = self.stream(system)
        kept = tuple(haze for haze in settings.hazes if haze.spread.stream != own)
        return replace(settings, hazes=kept)
