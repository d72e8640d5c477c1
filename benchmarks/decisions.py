"""What a decision costs: a SimPy process that wakes up, looks and changes nothing."""

from collections.abc import Iterator
from time import process_time

import simpy

from benchmarks.chain import RATE, Counted, network
from mlsim.engine.clock import Clock


def cost(requests: int, decisions: int) -> float:
    """CPU seconds of a decision over the chain of so many requests, beyond SimPy's own."""
    alone = in_mlsim(requests, 0)
    return (in_mlsim(requests, decisions) - alone - in_simpy(decisions)) / decisions


def in_mlsim(requests: int, decisions: int) -> float:
    rows = Counted()
    clock = Clock(network(requests, rows))
    if decisions:
        clock.process(ticking(clock, requests / RATE, decisions))
    began = process_time()
    clock.run()
    clock.network.flush()
    return process_time() - began


def in_simpy(decisions: int) -> float:
    """The same process in an environment of its own."""
    env = simpy.Environment()
    env.process(ticking(env, 1.0, decisions))
    began = process_time()
    env.run()
    return process_time() - began


def ticking(env: simpy.Environment, seconds: float, decisions: int) -> Iterator[simpy.Event]:
    for _ in range(decisions):
        yield env.timeout(seconds / decisions)
