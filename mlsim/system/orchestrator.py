"""orchestrator: looks after replicas; starts again what has crashed, elsewhere if it has to."""

import math
from collections import Counter
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, ClassVar, Literal

import simpy

from mlsim.errors import nearest
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Bound, Duration, Name
from mlsim.system.base import Component, component_kind
from mlsim.system.server import Served

if TYPE_CHECKING:
    from mlsim.system.simulation import System

Replica = tuple[str, int]

FORGIVES_AFTER = 600.0
"""Seconds of service after which a replica counts as one that has never crashed."""


@component_kind("orchestrator")
class Orchestrator(Component):
    """Probes the replicas of components, and starts those again that it finds down.

    The first crash of a replica is repaired at once; after each further one it waits for `backoff`,
    twice as long each time up to `cap`, until it has served for ten minutes. Where its zone or its
    machine is gone it waits for `replaces_after`, and then starts a replacement in the component's
    first zone and on its first machine that are left. Source: Kubernetes, "Pod Lifecycle",
    container restarts, and "Taints and Tolerations", eviction after 300 seconds.
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

    def process(self, system: "System", name: str) -> Generator[simpy.Event, None, None]:
        watched = tuple(dict.fromkeys(self.watches or system.replicas))
        starting: set[Replica] = set()
        crashes: Counter[Replica] = Counter()
        back: dict[Replica, float] = {}
        while True:
            yield system.clock.timeout(self.probes_every)
            replicas = ((n, replica) for n in watched for replica in range(system.replicas[n]))
            for one in [one for one in replicas if system.is_down(*one) and one not in starting]:
                starting.add(one)
                is_gone = not system.places.can_run(*one)
                if is_gone:
                    wait = self.replaces_after + self.start_up
                else:
                    if system.clock.now - back.get(one, math.inf) > FORGIVES_AFTER:
                        crashes[one] = 0
                    wait = self.wait(crashes[one])
                    crashes[one] += 1
                    back[one] = system.clock.now + wait
                system.clock.process(_start(system, one, starting, wait, elsewhere=is_gone))

    def wait(self, crashes: int) -> float:
        """Seconds from the discovery of a crash until the replica serves, after earlier crashes."""
        backoff = min(self.backoff * 2.0 ** (crashes - 1), self.cap) if crashes else 0.0
        return backoff + self.start_up


def _start(
    system: "System", replica: Replica, starting: set[Replica], wait: float, elsewhere: bool
) -> Generator[simpy.Event, None, None]:
    """elsewhere: whether it is given another place if its own is out still by then."""
    yield system.clock.timeout(wait)
    starting.discard(replica)
    if elsewhere and system.is_down(*replica) and not system.places.can_run(*replica):
        system.places.move(*replica)
    system.restart(*replica)
