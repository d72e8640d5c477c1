"""What operators do to a station, in any order: crash, restart, drain, scale; by plain SimPy."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import simpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlsim.engine.network import Balancing, Client, Service, Station
from mlsim.engine.parts import AfterCrash
from tests.engine.runs import Decider, Fixed, exponential
from tests.engine.test_oracle import assert_same

TICK = 0.25
FLOWS = ["a", "b -> a -> b", "[a, b -> a]", "any of [a, b]", "b(a)", "a(b) -> b -> a"]
CLIENTS = [
    Client("phone"),
    Client("phone", timeout=1.5, retries=2, backoff=0.5),
    Client("phone", timeout=1.0, retries=1, cancels=True),
    Client("phone", timeout=2.0, deadline=True),
]

some_of = st.sampled_from
services = some_of([Service(a=TICK), Service(a=2 * TICK), exponential(0.4)])
stations = st.builds(
    Station,
    name=st.just("a"),
    workers=st.integers(1, 2),
    replicas=st.integers(1, 3),
    service=services,
    balancing=some_of([None, *Balancing]),
    after_crash=some_of(AfterCrash),
    queue_limit=some_of([None, None, 2]),
    patience=some_of([np.inf, 3 * TICK, exponential(1.0)]),
    timeout=some_of([np.inf, 4 * TICK]),
    retries=some_of([0, 0, 1]),
    cold_services=some_of([0, 2]),
    coldness=st.just(2.0),
)
kinds = (
    st.fixed_dictionaries({})
    | st.just({"sharing": True, "at_once": 3})
    | st.just({"batch": 2, "batch_wait": TICK})
)
actions = st.tuples(
    st.integers(0, 3), some_of(["crash", "restart", "drain", "scale", "scale"]), st.integers(0, 3)
)


def operator(plan: list[tuple[int, str, int]]) -> Decider:
    """Does so, each after so many ticks, to a replica that there is, or for so many replicas;
    then all work again.
    """

    def operate(env: simpy.Environment, machine: Any) -> Iterator[simpy.Event]:
        there = len(machine.up("a"))
        for wait, action, number in plan:
            yield env.timeout(wait * TICK)
            if action == "scale":
                machine.scale("a", number)
                there = max(there, number)
            else:
                getattr(machine, action)("a", number % there)
        for replica in range(there):
            machine.restart("a", replica)
        machine.scale("a", 1)

    return operate


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    station=stations,
    kind=kinds,
    flow=some_of(FLOWS),
    client=some_of(CLIENTS),
    plan=st.lists(actions, min_size=3, max_size=25),
    times=st.lists(st.integers(0, 30), min_size=5, max_size=40),
)
def test_any_operations(
    station: Station,
    kind: dict[str, Any],
    flow: str,
    client: Client,
    plan: list[tuple[int, str, int]],
    times: list[int],
):
    if "a(" in flow:
        kind = {}  # who calls others serves one at a time
    if "sharing" in kind:
        station = replace(station, balancing=station.balancing or Balancing.RANDOM)
    one = replace(station, **kind)
    other = Station("b", workers=2, service=Service(a=TICK))
    arrivals = Fixed(np.sort(times) * TICK)
    assert_same(
        [f"phone -> {flow} -> phone"], [one, other], client, (operator(plan),), arrivals=arrivals
    )
