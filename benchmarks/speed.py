"""Speed: four FCFS stations in series at utilisation 0.8, in plain SimPy and in mlsim.

    python benchmarks/speed.py [requests]

Both draw the same service times; mlsim also makes its arrivals and hands out every log column.
SimPy runs a tenth of the requests: its rate doesn't depend on their number.
"""

import math
import resource
import sys
import time

import numpy as np
import simpy

from mlsim import engine
from mlsim.engine.arrivals import Arrivals
from mlsim.engine.draws import Distribution, sample, stream
from mlsim.engine.network import Network, Requests, Service, Station, Visits
from mlsim.scenario.flow import parse_flow

NAMES = "abcd"
RATE = 80.0
MEAN = 0.01
SEED = 1


def mlsim_rate(requests: int) -> float:
    """Requests per second of wall time, arrivals and logs included."""
    seen = {"visits": 0, "requests": 0}

    def on_visits(visits: Visits) -> None:
        seen["visits"] += visits.end.size

    def on_requests(ended: Requests) -> None:
        seen["requests"] += ended.end.size

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
    assert seen["visits"] == len(NAMES) * seen["requests"]
    return seen["requests"] / wall


def simpy_rate(requests: int) -> float:
    """Requests per second of wall time; the draws are made beforehand and not counted."""
    ids = np.arange(requests)
    law = Distribution.EXPONENTIAL
    gaps = sample(stream(SEED, "gaps"), ids, law, 1.0 / RATE).tolist()
    services = [sample(stream(SEED, f"service/{n}"), ids, law, MEAN).tolist() for n in NAMES]
    env = simpy.Environment()
    stations = [simpy.Resource(env, 1) for _ in NAMES]

    def request(k: int):
        for station, service in zip(stations, services, strict=True):
            with station.request() as turn:
                yield turn
                yield env.timeout(service[k])

    def source():
        for k, gap in enumerate(gaps):
            yield env.timeout(gap)
            env.process(request(k))

    env.process(source())
    began = time.perf_counter()
    env.run()
    return requests / (time.perf_counter() - began)


def main() -> None:
    requests = int(float(sys.argv[1])) if len(sys.argv) > 1 else 1_000_000
    print(f"compiled or read from the cache in {engine.warm():.1f} s")
    fast = max(mlsim_rate(requests) for _ in range(3))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    slow = simpy_rate(requests // 10)
    print(f"mlsim   {fast:12,.0f} requests/s   ({requests:,} requests, peak memory {peak:.0f} MiB)")
    print(f"SimPy   {slow:12,.0f} requests/s   ({requests // 10:,} requests)")
    print(f"ratio   {fast / slow:12.1f}")


if __name__ == "__main__":
    main()
