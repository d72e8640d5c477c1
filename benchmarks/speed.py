"""Speed: four FCFS stations in series at utilisation 0.8, in plain SimPy and in mlsim.

    python benchmarks/speed.py [requests]

Both do the same work: make arrivals, draw service times, write a row of every visit. mlsim hands
its rows out block by block, as in a run. SimPy runs a tenth of the requests: its rate doesn't
depend on their number.
"""

import math
import random
import resource
import sys
import time

import numpy as np
import simpy

from mlsim import engine
from mlsim.engine.arrivals import Arrivals
from mlsim.engine.draws import Distribution
from mlsim.engine.network import Network, Requests, Service, Station, Visits
from mlsim.scenario.flow import parse_flow

NAMES = "abcd"
RATE = 80.0
MEAN = 0.01
SEED = 1


def mlsim_rate(requests: int) -> float:
    """Requests per second of wall time, arrivals and logs included."""
    rows = {"visits": 0, "requests": 0}

    def on_visits(visits: Visits) -> None:
        rows["visits"] += visits.end.size

    def on_requests(ended: Requests) -> None:
        rows["requests"] += ended.end.size

    network = Network(
        chains=[parse_flow(" -> ".join(NAMES))],
        stations=[Station(n, 1, service=Service(Distribution.EXPONENTIAL, MEAN)) for n in NAMES],
        clients=[],
        entries={0: NAMES[0]},
        seed=SEED,
        arrivals=Arrivals(lambda t: np.full(t.size, RATE), lambda a, b: RATE, SEED, "load", 0),
        until=requests / RATE,
        on_visits=on_visits,
        on_requests=on_requests,
    )
    began = time.perf_counter()
    network.advance(math.inf)
    network.flush()
    wall = time.perf_counter() - began
    assert rows["visits"] == len(NAMES) * rows["requests"]
    return rows["requests"] / wall


def simpy_rate(requests: int) -> float:
    """Requests per second of wall time, of a program as SimPy's own examples write it."""
    draw = random.Random(SEED).expovariate
    env = simpy.Environment()
    stations = [(name, simpy.Resource(env, 1)) for name in NAMES]
    visits = []

    def request(k: int):
        for name, station in stations:
            arrival = env.now
            with station.request() as turn:
                yield turn
                start = env.now
                yield env.timeout(draw(1.0 / MEAN))
            visits.append((k, name, arrival, start, env.now))

    def source():
        for k in range(requests):
            yield env.timeout(draw(RATE))
            env.process(request(k))

    env.process(source())
    began = time.perf_counter()
    env.run()
    wall = time.perf_counter() - began
    assert len(visits) == len(NAMES) * requests
    return requests / wall


def main() -> None:
    requests = int(float(sys.argv[1])) if len(sys.argv) > 1 else 1_000_000
    print(f"compiled or read from the cache in {engine.warm():.1f} s")
    fast = slow = peak = 0.0
    for _ in range(3):  # in turn, the best of each: other work on the machine disturbs both alike
        fast = max(fast, mlsim_rate(requests))
        # Measured before SimPy has run, whose rows would count as well.
        peak = peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        slow = max(slow, simpy_rate(requests // 10))
    print(f"mlsim   {fast:12,.0f} requests/s   ({requests:,} requests, peak memory {peak:.0f} MiB)")
    print(f"SimPy   {slow:12,.0f} requests/s   ({requests // 10:,} requests)")
    print(f"ratio   {fast / slow:12.1f}")


if __name__ == "__main__":
    main()
