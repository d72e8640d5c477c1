"""autoscaler: more replicas while workers are busy, fewer while they idle, with a delay."""

import math
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

import simpy
from pydantic import Field

from mlsim.errors import nearest
from mlsim.scenario.checks import scenario_check
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Bound, Duration, Name
from mlsim.system.base import Component, Link, component_kind
from mlsim.system.server import Served

if TYPE_CHECKING:
    from mlsim.system.simulation import System

SAMPLES = 3
"""Looks at the workers per period, whose mean is the utilisation of that period."""


def recommended(
    busy: float, workers: int, target: float, tolerance: float, wanted: int, down: int = 0
) -> int:
    """Replicas that `busy` workers ask for, as Kubernetes reckons it.

    workers: of one replica. Replicas that are still starting count as idle. down: of those that are
    wanted; they tell nothing, and count as busy where the others ask for fewer, else as idle. Where
    that turns the advice round, there is none.

    >>> recommended(busy=12.0, workers=4, target=0.6, tolerance=0.1, wanted=2)
    5
    >>> recommended(busy=5.0, workers=4, target=0.6, tolerance=0.1, wanted=2)
    2
    >>> [recommended(2.0, 4, 0.6, 0.1, wanted=4, down=down) for down in (0, 1)]
    [1, 3]
    """
    if down >= wanted:
        return wanted
    told = busy / (workers * (wanted - down)) / target
    ratio = (busy + workers * down * (told < 1.0)) / (workers * wanted) / target
    turned = (told < 1.0) != (ratio < 1.0)
    return wanted if turned or abs(ratio - 1.0) <= tolerance else math.ceil(ratio * wanted)


@dataclass
class Rollout:
    """How many replicas are wanted, and what was recommended when (seconds since day 0)."""

    wanted: int
    advice: list[tuple[float, int]] = field(default_factory=list)


@component_kind("autoscaler")
class Autoscaler(Component):
    """Keeps the share of busy workers of a component near a target, by Kubernetes's rule.

    It multiplies the replicas by utilisation / target, at most doubling them or adding four in a
    period, and lets no fall be deeper than the highest recommendation of the `stabilisation`
    window. Those with the highest numbers go, whether they are up or not, as of a StatefulSet: a
    crashed one with a lower number stays. Source: Kubernetes, "Horizontal Pod Autoscaling",
    algorithm details and defaults, and "StatefulSets", deployment and scaling guarantees.
    """

    in_flow: ClassVar[bool] = False
    example: ClassVar[str] = """
        kind: autoscaler
        scales: gateway
        target: 0.6
        max: 20
        period: 1min
        start_up: 45s
    """

    kind: Literal["autoscaler"] = "autoscaler"
    scales: Name
    """The component whose replicas it sets; one with a number of workers."""
    target: float = Field(gt=0, le=1)
    """Share of its workers that should be busy."""
    min: int = Field(1, ge=1, le=1_000)
    """Replicas that it always keeps."""
    max: int = Field(10, ge=1, le=1_000)
    """Replicas that it goes up to."""
    tolerance: float = Field(0.1, ge=0, le=1)
    """How far utilisation / target may be from 1 before it acts."""
    period: Bound = 15.0
    """Time between two decisions, and over which the utilisation is averaged."""
    stabilisation: Duration = 300.0
    """How long it remembers higher recommendations before it takes replicas away."""
    start_up: Duration = 0.0
    """Time until a new replica serves."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        system = scenario.system
        served = {n: s for n, s in system.items() if isinstance(s, Served) and s.may_scale}
        if self.scales not in served:
            message = f"no component '{self.scales}' in system that can have more replicas"
            yield ("scales",), message, nearest(self.scales, served)
        elif served[self.scales].workers is None:
            yield ("scales",), f"needs {self.scales} to have a number of workers", ""
        if self.min > self.max:
            yield ("max",), f"must be at least min, {self.min} (got {self.max})", ""

    def links(self, name: str, system: Mapping[str, Component]) -> Iterable[Link]:
        yield Link(name, self.scales, self.scales)

    def process(self, system: "System", name: str) -> Generator[simpy.Event, None, None]:
        spec = system[self.scales].spec
        assert isinstance(spec, Served), "validation sees to it"
        assert spec.workers is not None, "validation sees to it"
        replicas = system.replicas[self.scales]
        rollout = Rollout(replicas, [(system.clock.now, replicas)])  # the first one: as it was
        while True:
            busy = 0.0
            for _ in range(SAMPLES):
                yield system.clock.timeout(self.period / SAMPLES)
                busy += system.network.busy(self.scales) / SAMPLES
            down = system.network.up(self.scales).count(False)
            habits = spec.workers, self.target, self.tolerance
            self._follow(system, rollout, recommended(busy, *habits, rollout.wanted, down))

    def _follow(self, system: "System", rollout: Rollout, advice: int) -> None:
        """Set the replicas: fewer at once, more when they have started."""
        rollout.wanted = self.allowed(rollout, system.clock.now, advice)
        if rollout.wanted < system.replicas[self.scales]:
            system.scale(self.scales, rollout.wanted)
        elif rollout.wanted > system.replicas[self.scales]:
            system.clock.process(self._start(system, rollout, rollout.wanted))

    def allowed(self, rollout: Rollout, now: float, advice: int) -> int:
        """The replicas to have, of those that `advice` recommends at time `now` in seconds."""
        rollout.advice = [x for x in rollout.advice if x[0] > now - self.stabilisation]
        rollout.advice.append((now, advice))
        if advice < rollout.wanted:
            advice = min(rollout.wanted, max(number for _, number in rollout.advice))
        step = max(2 * rollout.wanted, rollout.wanted + 4)
        return min(max(min(advice, step), self.min), self.max)

    def _start(
        self, system: "System", rollout: Rollout, replicas: int
    ) -> Generator[simpy.Event, None, None]:
        yield system.clock.timeout(self.start_up)
        still_wanted = min(replicas, rollout.wanted)
        if still_wanted > system.replicas[self.scales]:
            system.scale(self.scales, still_wanted)


@scenario_check
def scaled_twice(scenario: Scenario) -> Iterator[Mistake]:
    """Autoscalers of what another one scales."""
    first: dict[str, str] = {}
    for name, spec in scenario.system.items():
        if isinstance(spec, Autoscaler) and (own := first.setdefault(spec.scales, name)) != name:
            message = f"{spec.scales} is scaled by {own} already: each would undo the other's work"
            yield ("system", name, "scales"), message, ""
