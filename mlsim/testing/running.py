"""What holds for every scenario, whatever stands in it: it loses nobody, and repeats itself."""

from collections.abc import Generator

import numpy as np
import simpy

from mlsim.scenario.spec import Scenario
from mlsim.system.simulation import System
from mlsim.testing.observation import Observation, differences, observe
from mlsim.world.load import arrivals_of

ODD = 4999.0
"""Seconds: a step that meets no hour."""


def idle_ticks(system: System) -> Generator[simpy.Event, None, None]:
    """A process that wakes up time and again and does nothing."""
    while True:
        yield system.clock.timeout(ODD)


def settling(system: System) -> Generator[simpy.Event, None, None]:
    """A process that has rows handed out in other blocks."""
    while True:
        yield system.clock.timeout(20 * ODD)
        system.settle()


def again(scenario: Scenario) -> Observation:
    """Another run, with idle ticks between and rows in other blocks, until the last has ended."""
    return observe(scenario, [idle_ticks, settling], drain=True)


def repeats_itself(first: Observation, second: Observation) -> None:
    """The same seed gives the same bytes, whatever happens between that changes nothing."""
    horizon = first.system.scenario.horizon
    changed = differences(first, second, before=horizon)
    assert not changed, f"another run has other values: {changed}"
    assert first.versions == second.versions, "another run fits other models"


def conserves_requests(drained: Observation) -> None:
    """Every request that arrives ends once; every visit ends, and is counted once."""
    scenario = drained.system.scenario
    for number, load in enumerate(scenario.load):
        arrivals = arrivals_of(scenario, load, number, scenario.seed)
        _, arrived = arrivals.between(-scenario.history, scenario.horizon)
        ended = drained.tables[f"requests {load}"]["request"]
        assert np.array_equal(np.sort(ended), np.sort(arrived)), f"{load}: not as many ended"
    visits = drained.tables["visits"]["station"]
    for place, name in enumerate(drained.system.network.names):
        if name in drained.system.replicas:
            _counts_its_visits(drained.system, name, int((visits == place).sum()))


def _counts_its_visits(system: System, name: str, visits: int) -> None:
    seen = system.network.counters(name)
    assert seen.waiting == sum(seen.in_service) == 0, f"{name}: somebody is still there"
    refused = seen.rejected + seen.lost + seen.failed + seen.expired + seen.timed_out
    assert seen.arrived == seen.served + refused == visits, f"{name}: {visits} visits, {seen}"
