"""rolling_deploy: replaces the replicas of a component one after another."""

import math
from collections.abc import Generator, Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import simpy

from mlsim.errors import nearest
from mlsim.scenario.checks import too_late
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Bound, Duration, Name
from mlsim.system.base import Component, Link, component_kind
from mlsim.system.server import Served

if TYPE_CHECKING:
    from mlsim.system.simulation import System

LOOK = 1.0
"""Seconds between two looks at whether a replica has finished."""

WAITS = 10.0
"""Seconds between two looks at whether a replica that is down is back."""


@component_kind("rolling_deploy")
class RollingDeploy(Component):
    """Takes a component's replicas out of service one by one, and starts a new one for each.

    A replica gets nothing more, finishes what it has, or loses it when `grace` is over, and its
    successor serves `start_up` later: meanwhile the others carry the load. Replicas that are down
    are replaced first, and while one is down, none that serves is stopped: the deploy waits until
    it is back, or the next one begins. Source: Kubernetes,
    "Performing a Rolling Update" and "Termination of Pods", with maxUnavailable 1.
    """

    in_flow: ClassVar[bool] = False
    example: ClassVar[str] = """
        kind: rolling_deploy
        component: gateway
        at: 2d
        every: 1d
        start_up: 20s
    """

    kind: Literal["rolling_deploy"] = "rolling_deploy"
    component: Name
    """The component whose replicas it replaces."""
    at: Duration
    """When the first deploy begins, counted from day 0."""
    every: Bound | None = None
    """Time from the beginning of one deploy to that of the next; a single one if not given."""
    grace: Duration = 30.0
    """How long a replica may go on with what it has before it is stopped."""
    start_up: Duration = 0.0
    """Time from the stop of a replica until its successor serves."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        served = [n for n, spec in scenario.system.items() if isinstance(spec, Served)]
        if self.component not in served:
            message = f"no component '{self.component}' in system that has replicas"
            yield ("component",), message, nearest(self.component, served)
        if message := too_late(scenario, self.at):
            yield ("at",), message, ""

    def links(self, name: str, system: Mapping[str, Component]) -> Iterable[Link]:
        yield Link(name, self.component, self.component)

    def process(self, system: "System", name: str) -> Generator[simpy.Event, None, None]:
        clock, begins = system.clock, self.at
        while True:
            if begins > clock.now:
                yield clock.timeout(begins - clock.now)
            ends = math.inf if self.every is None else begins + self.every
            yield from self._deploy(system, ends)
            if self.every is None:
                return
            begins += self.every

    def _deploy(self, system: "System", ends: float) -> Generator[simpy.Event, None, None]:
        """Replace all replicas; `ends` is when waiting for one that is down ends."""
        clock, name = system.clock, self.component
        old = set(range(system.replicas[name]))
        while old := {replica for replica in old if replica < system.replicas[name]}:
            down = {r for r in range(system.replicas[name]) if system.is_down(name, r)}
            if old & down or not down:
                replica = min(old & down or old)
                old.remove(replica)
                yield from self._replace(system, replica)
            elif clock.now < ends:
                yield clock.timeout(WAITS)
            else:
                return

    def _replace(self, system: "System", replica: int) -> Generator[simpy.Event, None, None]:
        clock, name = system.clock, self.component
        if not system.is_down(name, replica):
            system.drain(name, replica)
            stops = clock.now + self.grace
            while clock.now < stops and not system.network.has_drained(name, replica):
                yield clock.timeout(min(LOOK, stops - clock.now))
        yield from system.replace(name, replica, self.start_up)
