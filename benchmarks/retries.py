"""Retries: what a share of them costs, and a storm of them beside plain SimPy.

Each function simulates so many requests and gives the CPU seconds that it took.
"""

import math
import random
from time import process_time

import numpy as np
import simpy

from benchmarks.chain import NAMES, RATE, SEED, Counted, network
from mlsim.engine.arrivals import Arrivals
from mlsim.engine.draws import Distribution, Floats
from mlsim.engine.network import Client, Network, Service, Station
from mlsim.scenario.flow import parse_flow

PATIENT = Client("client", timeout=60.0, retries=5, backoff=0.01)
NERVOUS = Client("client", timeout=1.0, retries=3)
STATION = Station("work", workers=10, service=Service(Distribution.EXPONENTIAL, 0.1))


def surge(t: Floats) -> Floats:
    """Requests per second: a spike begins a storm that outlives it."""
    return np.where((t >= 60.0) & (t < 75.0), 200.0, 70.0)


def without_client(requests: int) -> float:
    """The chain at utilisation 0.4, so that half as much again and more fits in."""
    return took(requests, RATE / 2, None)


def with_failures(requests: int, percent: float) -> float:
    """A client with a timer for each attempt, of which so many percent fail and are retried."""
    each = 1.0 - (1.0 - percent / 100.0) ** (1 / len(NAMES))
    return took(requests, RATE / 2, PATIENT, error_rate=each)


def took(requests: int, rate: float, client: Client | None, **habits: float) -> float:
    rows = Counted()
    chain = network(requests, rows, rate, client, **habits)
    began = process_time()
    chain.advance(math.inf)
    chain.flush()
    return (process_time() - began) * requests / rows.ends


def storm(seconds: int) -> tuple[float, float]:
    """A storm of so long: CPU seconds, and attempts a request. Timed-out work goes on."""
    rows = Counted()
    net = Network(
        chains=[parse_flow("client -> work -> client")],
        stations=[STATION],
        clients=[NERVOUS],
        entries={0: "client"},
        seed=SEED,
        arrivals=Arrivals(surge, lambda a, b: 200.0, SEED, "load", 0),
        until=seconds,
        on_visits=rows.on_visits,
        on_requests=rows.on_requests,
    )
    began = process_time()
    net.advance(math.inf)
    net.flush()
    return process_time() - began, rows.attempts / rows.ends


def storm_in_simpy(seconds: int) -> tuple[float, float]:
    """The same storm, as SimPy's examples race a process against a timeout."""
    draw = random.Random(SEED).expovariate
    env = simpy.Environment()
    workers = simpy.Resource(env, STATION.workers)
    visits, ends = [], []

    def attempt(k: int):
        arrival = env.now
        with workers.request() as turn:
            yield turn
            start = env.now
            yield env.timeout(draw(1.0 / STATION.service.a))
        visits.append((k, arrival, start, env.now))

    def client(k: int):
        number, answered = 0, False
        while not answered and number <= NERVOUS.retries:
            work = env.process(attempt(k))
            yield work | env.timeout(NERVOUS.timeout)
            number, answered = number + 1, work.triggered
        ends.append((k, number, env.now))

    def source():
        k = 0
        while env.now < seconds:
            yield env.timeout(draw(200.0 if 60.0 <= env.now < 75.0 else 70.0))
            env.process(client(k))
            k += 1

    env.process(source())
    began = process_time()
    env.run()
    return process_time() - began, sum(number for _, number, _ in ends) / len(ends)
