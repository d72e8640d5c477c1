"""orchestrator: looks after replicas; starts again what has crashed, elsewhere if it has to."""

import math
from collections import defaultdict
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import simpy

from mlsim.errors import nearest
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Bound, Duration, Name
from mlsim.system.base import Component, Link, component_kind
from mlsim.system.server import Served

if TYPE_CHECKING:
    from mlsim.system.simulation import System

Replica = tuple[str, int]

FORGIVES_AFTER = 600.0
"""Seconds of service after which a replica counts as one that has never crashed."""

NEW = -1
"""Restarts of a replacement that has yet to be started."""


@component_kind("orchestrator")
class Orchestrator(Component):
    """Probes the replicas of components, and starts those again that it finds down.

    The first crash of a replica is repaired at once; after each further one it waits for `backoff`,
    twice as long each time up to `cap`, until it has served for ten minutes. Where its zone or its
    machine is gone it waits for `replaces_after`, and then starts a replacement in the component's
    first zone and on its first machine that are left; if they are back by then, it is restarted
    there. Source: Kubernetes, "Pod Lifecycle", container restarts, and "Taints and Tolerations",
    eviction after 300 seconds.
    """

    in_flow: ClassVar[bool] = False
    example: ClassVar[str] = """
        kind: orchestrator
        watches: [gateway]
        probes_every: 10s
        start_up: 30s
    """

    kind: Literal["orchestrator"] = "orchestrator"
    watches: tuple[Name, ...] = ()
    """The components that it looks after; all that have replicas if not given."""
    probes_every: Bound = 10.0
    """Time between two looks at a replica."""
    start_up: Duration = 0.0
    """Time from its start until a replica serves."""
    backoff: Duration = 10.0
    """How long it waits before it starts a replica the second time."""
    cap: Duration = 300.0
    """How long it waits at most."""
    replaces_after: Duration = 300.0
    """How long a zone or a machine is gone until what ran there is started elsewhere."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        served = [n for n, spec in scenario.system.items() if isinstance(spec, Served)]
        for k, watched in enumerate(self.watches):
            if watched not in served:
                message = f"no component '{watched}' in system that has replicas"
                yield ("watches", k), message, nearest(watched, served)

    def links(self, name: str, system: Mapping[str, Component]) -> Iterable[Link]:
        served = [n for n, spec in system.items() if isinstance(spec, Served)]
        for watched in self.watches or served:
            yield Link(name, watched, watched)

    def process(self, system: "System", name: str) -> Generator[simpy.Event, None, None]:
        watched = tuple(dict.fromkeys(self.watches or system.replicas))
        known: dict[Replica, _Watched] = defaultdict(_Watched)
        while True:
            yield system.clock.timeout(self.probes_every)
            for one in [(n, replica) for n in watched for replica in range(system.replicas[n])]:
                self._look(system, one, known[one])

    def _look(self, system: "System", one: Replica, known: "_Watched") -> None:
        now = system.clock.now
        if system.is_down(*one) and not system.places.can_run(*one):
            known.gone_since = min(known.gone_since, now)
            if now - known.gone_since < self.replaces_after or not system.places.move(*one):
                known.starting = None
                return
            known.restarts = NEW
        known.gone_since = math.inf
        is_seen_to = known.starting and known.starting.crash == system.crashes[one]
        if system.is_down(*one) and not is_seen_to:
            if now - known.back > FORGIVES_AFTER:
                known.restarts = 0
            known.starting = _Start(system.crashes[one])
            wait = self.wait(known.restarts)
            system.clock.process(_start(system, one, known, known.starting, wait))

    def wait(self, restarts: int) -> float:
        """Seconds from the discovery of a crash until the replica serves, after earlier ones."""
        backoff = min(self.backoff * 2.0 ** (restarts - 1), self.cap) if restarts > 0 else 0.0
        return backoff + self.start_up


@dataclass(eq=False)
class _Start:
    """A start under way, after which of the replica's crashes."""

    crash: int


@dataclass
class _Watched:
    """What is known of a replica: times are in seconds since day 0.

    gone_since: when its place was first found out of order, inf if it isn't. starting: what is
    being done about its last crash. restarts: how often it was started again, or `NEW`; back: when
    last.
    """

    gone_since: float = math.inf
    starting: _Start | None = None
    restarts: int = 0
    back: float = math.inf


def _start(
    system: "System", replica: Replica, known: _Watched, start: _Start, wait: float
) -> Generator[simpy.Event, None, None]:
    """Start a replica in `wait` seconds, unless something else is done about it by then."""
    yield system.clock.timeout(wait)
    if known.starting is not start:
        return
    known.starting = None
    if system.crashes[replica] == start.crash and system.restart(*replica):
        known.restarts, known.back = known.restarts + 1, system.clock.now
