"""Four FCFS stations in series at utilisation 0.8, as each simulator's own examples would write it.

Each function simulates so many requests and gives the CPU seconds that it took. mlsim and SimPy
write down a row for every visit; Ciw keeps its records, as it always does. cimba has a file of its
own, `cimba_chain.py`.
"""

import math
import random
from time import process_time

import numpy as np
import simpy

from mlsim.engine.arrivals import Arrivals
from mlsim.engine.draws import Distribution
from mlsim.engine.network import Client, Network, Requests, Service, Station, Visits
from mlsim.scenario.flow import parse_flow

NAMES = "abcd"
RATE = 80.0
MEAN = 0.01
SEED = 1


class Counted:
    """Takes the rows that a network hands out, and keeps their number."""

    def __init__(self) -> None:
        self.visits = self.ends = self.attempts = 0

    def on_visits(self, visits: Visits) -> None:
        self.visits += visits.end.size

    def on_requests(self, ended: Requests) -> None:
        self.ends += ended.end.size
        self.attempts += int(ended.attempts.sum())


def network(
    requests: float,
    rows: Counted,
    rate: float = RATE,
    client: Client | None = None,
    **habits: float,
) -> Network:
    """The chain in mlsim, with a client where one is given; habits: of the stations."""
    service = Service(Distribution.EXPONENTIAL, MEAN)
    way = " -> ".join(NAMES)
    return Network(
        chains=[parse_flow(f"{client.name} -> {way} -> {client.name}" if client else way)],
        stations=[Station(name, 1, service=service, **habits) for name in NAMES],
        clients=[client] if client else [],
        entries={0: client.name if client else NAMES[0]},
        seed=SEED,
        arrivals=Arrivals(lambda t: np.full(t.size, rate), lambda a, b: rate, SEED, "load", 0),
        until=requests / rate,
        on_visits=rows.on_visits,
        on_requests=rows.on_requests,
    )


def mlsim(requests: int) -> float:
    rows = Counted()
    chain = network(requests, rows)
    began = process_time()
    chain.advance(math.inf)
    chain.flush()
    took = process_time() - began
    assert rows.visits == len(NAMES) * rows.ends
    return took * requests / rows.ends


def plain_simpy(requests: int) -> float:
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
    began = process_time()
    env.run()
    took = process_time() - began
    assert len(visits) == len(NAMES) * requests
    return took


def ciw(requests: int) -> float:
    import ciw

    ahead = [[float(j == i + 1) for j in range(4)] for i in range(4)]
    chain = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(RATE), None, None, None],
        service_distributions=[ciw.dists.Exponential(1.0 / MEAN)] * 4,
        routing=ahead,
        number_of_servers=[1] * 4,
    )
    ciw.seed(SEED)
    simulation = ciw.Simulation(chain)
    began = process_time()
    simulation.simulate_until_max_customers(requests, method="Finish")
    return process_time() - began
