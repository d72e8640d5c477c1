"""What every fault is: something that begins to be wrong at a time, and perhaps ends."""

import math
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import TypeVar

import numpy as np
import simpy

from mlsim.engine import draws
from mlsim.scenario.checks import scenario_check, too_late
from mlsim.scenario.kinds import Mistake, Spec, register
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Duration, Name, duration_text
from mlsim.system.base import Component
from mlsim.system.simulation import System

F = TypeVar("F", bound="type[Fault]")

WORLDS = ("all", "twin")
"""Names of the worlds that every run has; those of its faults alone have the faults' names."""


def fault_kind(name: str) -> Callable[[F], F]:
    """Make a class of fault known to the scenario language as `kind: <name>`."""
    return register("fault", name)


class Fault(Spec):
    """One fault of a scenario. It acts on components, and on nothing that measures them."""

    kind: str
    """Its name in the language."""
    name: Name | None = None
    """What reports call it; the kind if not given."""
    at: Duration
    """When it begins, counted from day 0."""
    until: Duration | None = None
    """When it is repaired; never if not given."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from self._untimely(scenario)
        if self.called in WORLDS:
            yield ("name",), f"must be another one: '{self.called}' is a world of every run", ""

    def _untimely(self, scenario: Scenario) -> Iterable[Mistake]:
        if message := too_late(scenario, self.at):
            yield ("at",), message, ""
        if self.until is not None and self.until <= self.at:
            message = "must be after `at`: it is a time since day 0, as `at` is"
            yield ("until",), message, duration_text(self.at + self.until)

    @property
    def called(self) -> str:
        """Its name in reports, which is also that of its world."""
        return self.name or self.kind

    @property
    def ends(self) -> float:
        """When it is repaired, in seconds since day 0; inf if never."""
        return math.inf if self.until is None else self.until

    def title(self) -> str:
        """What is wrong, in half a sentence."""
        return self.kind

    def where(self, system: Mapping[str, Component]) -> tuple[str, ...]:
        """At which components of a system it is; at none where the world is another one."""
        return ()

    def stream(self, system: System, of: str = "") -> np.uint64:
        """The key of its own draws: of those whom it reaches, or `of` something else."""
        return draws.stream(system.seed, f"fault/{self.called}" + (f"/{of}" if of else ""))

    def sets(self) -> frozenset[str]:
        """What it sets of which there is one at a time, as whether a component lets anybody in.

        After its repair it is as other faults have it that set it, too, and still last. What adds
        to what others do, as to the columns that are sent, and is taken out alone, isn't named.
        """
        return frozenset()

    def takes_down(self) -> tuple[str, int] | None:
        """The one replica, by component and number, that it takes down; it is over when that is up.

        The repair of another fault doesn't start it.
        """
        return None

    def begin(self, system: System) -> None:
        """Break the mechanism."""
        raise NotImplementedError

    def end(self, system: System) -> None:
        """Repair it."""
        raise NotImplementedError

    def process(self, system: System) -> Generator[simpy.Event, None, None]:
        """The fault's life in simulated time."""
        clock = system.clock
        yield clock.timeout(self.at - clock.now)
        self.begin(system)
        system.lasting.append(self)
        if self.until is not None:
            yield clock.timeout(self.until - clock.now)
            system.lasting.remove(self)
            self.end(system)
            for other in system.lasting:
                if not self.sets().isdisjoint(other.sets()):
                    other.begin(system)


def bring_back(system: System, component: str, replica: int) -> None:
    """Restart a replica after the repair of a fault, unless another one keeps it down.

    What somebody has repaired since it began, as an orchestrator a crash, keeps nothing down.
    """
    started = system.started.get((component, replica), -math.inf)
    lasting = (fault for fault in system.lasting if fault.at >= started)
    if not any(fault.takes_down() == (component, replica) for fault in lasting):
        system.restart(component, replica)


@scenario_check
def shared_names(scenario: Scenario) -> Iterator[Mistake]:
    """Faults that are called as another one is."""
    faults = [(n, fault) for n, fault in enumerate(scenario.faults) if isinstance(fault, Fault)]
    times = Counter(fault.called for _, fault in faults)
    for number, fault in faults:
        if times[fault.called] > 1:
            message = f"needs a name of its own: another fault is called '{fault.called}', too"
            yield ("faults", number, *(("name",) if fault.name else ())), message, ""
