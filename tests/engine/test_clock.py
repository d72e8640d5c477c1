"""SimPy's processes meet the network at exactly their own instant."""

import numpy as np
import pytest
import simpy

from mlsim.engine.network import Service, Station
from tests.engine.runs import Fixed, Recorded


def counter(times: list[float], service: float = 1.0, **more: object) -> Recorded:
    station = Station("a", 1, service=Service(a=service))
    return Recorded(["a"], [station], Fixed(np.array(times)), **more)


def test_movement_up_to_and_including_t_comes_before_decisions_at_t():
    recorded, seen = counter([2.0]), []

    def look(env: simpy.Environment, machine: object):
        for _ in range(4):
            yield env.timeout(1.0)
            seen.append((env.now, machine.counters("a").arrived, machine.counters("a").served))

    recorded.run(look)
    assert seen == [(1.0, 0, 0), (2.0, 1, 0), (3.0, 1, 1), (4.0, 1, 1)]


def test_what_a_decision_sets_off_has_moved_before_the_next_one_of_that_instant():
    recorded, lost = counter([0.5, 0.6], service=10.0), []

    def crash(env: simpy.Environment, machine: object):
        yield env.timeout(1.0)
        machine.crash("a", 0)
        lost.append(machine.counters("a").lost)
        yield env.timeout(0.0)
        lost.append(machine.counters("a").lost)
        machine.restart("a", 0)
        yield env.timeout(0.0)
        lost.append(machine.counters("a").in_service)

    recorded.run(crash)
    assert lost == [0, 1, (1,)]


def test_without_processes_the_network_drains():
    recorded = counter([1.0, 2.0, 2.5]).run()
    assert recorded.requests.end.tolist() == [2.0, 3.0, 4.0]
    assert recorded.clock.now == recorded.network.now == 4.0


def test_run_until_leaves_the_network_there():
    recorded = counter([1.0, 2.0, 2.5])
    recorded.clock.run(until=3.0)
    assert recorded.network.now == recorded.clock.now == 3.0
    recorded.network.flush()
    assert recorded.requests.end.tolist() == [2.0, 3.0]
    recorded.clock.run(until=3.5)
    assert recorded.network.counters("a").in_service == (1,)


def test_who_comes_last_sees_what_all_others_have_decided_at_that_instant():
    """Also what they decide only then, one after the other."""
    recorded, order = counter([]), []

    def look(env: simpy.Environment, machine: object):
        yield env.last_at(1.0)
        order.append((env.now, "last"))

    def decide(env: simpy.Environment, machine: object):
        yield env.timeout(1.0)
        for name in "ab":
            order.append((env.now, name))
            yield env.timeout(0.0)

    recorded.run(look, decide)
    assert order == [(1.0, "a"), (1.0, "b"), (1.0, "last")]


def test_run_until_an_event_stops_there():
    recorded = counter([1.0, 2.0])
    assert recorded.clock.run(until=recorded.clock.timeout(1.5, value="rung")) == "rung"
    assert recorded.network.now == 1.5


def test_time_may_begin_before_day_0():
    recorded = counter([-5.0, -1.0, 3.0], start=-10.0)
    assert recorded.clock.now == -10.0
    recorded.run()
    assert recorded.requests.end.tolist() == [-4.0, 0.0, 4.0]


def test_an_error_in_a_process_comes_out():
    recorded = counter([1.0])

    def fail(env: simpy.Environment, machine: object):
        yield env.timeout(0.5)
        raise RuntimeError("no such model")

    with pytest.raises(RuntimeError, match="no such model"):
        recorded.run(fail)
