"""memory_leak: replicas of a component run out of memory, are killed and start again, all over."""

from collections.abc import Generator
from typing import ClassVar, Literal

import simpy
from pydantic import Field

from mlsim.faults.base import bring_back, fault_kind
from mlsim.faults.families.serving import ServingFault
from mlsim.scenario.units import Duration
from mlsim.system.simulation import System


@fault_kind("memory_leak")
class MemoryLeak(ServingFault):
    """Each replica lives for `lives`, is killed for its memory, and is back after `restart`.

    The first one begins to leak at once, the others follow spread over one life, as after a rolling
    deployment: so they don't all die together. Source: Huang et al., Software Rejuvenation (1995).
    """

    example: ClassVar[str] = """
        kind: memory_leak
        at: 5d
        until: 8d
        component: gateway
        lives: 6h
        restart: 1min
    """

    kind: Literal["memory_leak"] = "memory_leak"
    lives: Duration = Field(gt=0)
    """Time from a start until the memory is used up."""
    restart: Duration = Field(60.0, gt=0)
    """Time until a killed replica is back."""

    def title(self) -> str:
        return f"{self.component} leaks memory"

    def begin(self, system: System) -> None:
        replicas = system.replicas[self.component]
        for replica in range(replicas):
            delay = self.lives * replica / replicas
            system.clock.process(self._die_and_rise(system, replica, delay))

    def end(self, system: System) -> None:
        # A replica that is down comes back by itself, and leaks no more.
        return

    def _die_and_rise(
        self, system: System, replica: int, delay: float
    ) -> Generator[simpy.Event, None, None]:
        clock = system.clock
        yield clock.timeout(delay + self.lives)
        while clock.now < self.ends:
            system.crash(self.component, replica)
            yield clock.timeout(self.restart)
            bring_back(system, self.component, replica)
            yield clock.timeout(self.lives)
