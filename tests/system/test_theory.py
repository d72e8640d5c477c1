"""Systems that somebody writes down in a scenario file, and what theory says of them."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import simpy
from scipy import stats

import mlsim
from mlsim.system.simulation import System
from tests.engine.test_laws import assert_mean
from tests.worlds import World, loaded


def scenario(rate: str, system: str, flow: str = "desk", more: str = "") -> str:
    load = f"{{jobs: {{rate: {rate}, enters: {flow.split()[0]}}}}}"
    head = "scenario: theory\nseed: 11\nhorizon: 20h\n"
    return f"{head}load: {load}\nsystem: {{{system}}}\nflow: ['{flow}']\n{more}"


def requests(folder: Path, *parts: str, **more: str) -> pd.DataFrame:
    """All requests of a scenario in order of arrival, and how long each took."""
    path = folder / "theory.yaml"
    path.write_text(scenario(*parts, **more))
    rows = mlsim.load(path).run(twin=False, record="requests").requests
    rows["took"] = rows.end_s - rows.arrival_s
    return rows.sort_values("arrival_s")


def mean_number(lam: float, speeds: tuple[float, float], most: int = 30) -> float:
    """Of two lines, the shorter of which is joined, or either of equal ones: its Markov chain."""
    rates = np.zeros((most, most, most, most))
    for i, j in np.ndindex(most, most):
        first = (i < j) + 0.5 * (i == j)
        for k, m, rate in (
            (i + 1, j, lam * first),
            (i, j + 1, lam * (1 - first)),
            (i - 1, j, speeds[0]),
            (i, j - 1, speeds[1]),
        ):
            if 0 <= k < most and 0 <= m < most:
                rates[k, m, i, j] += rate
                rates[i, j, i, j] -= rate
    balance = rates.reshape(most**2, most**2)
    balance[0] = 1.0
    shares = np.linalg.solve(balance, np.eye(1, most**2).ravel())
    return float(shares @ np.indices((most, most)).sum(axis=0).ravel())


@pytest.mark.parametrize("slow", [0, 1])
def test_the_fewest_outstanding_are_found_fairly(slow: int, tmp_path: Path):
    """Whichever of two replicas is the slow one: of those that have as few, any gets the next."""
    desk = "desk: {kind: server, workers: 1, replicas: 2, balancing: least_outstanding, "
    fault = f"faults: [{{kind: slow_replica, at: 0s, component: desk, replica: {slow}, factor: 2}}]"
    rows = requests(tmp_path, "1/s", desk + "service_time: exponential(1s)}", more=fault)
    assert_mean(rows.took.to_numpy(), mean_number(1.0, ((1.0, 0.5), (0.5, 1.0))[slow]))


def test_a_quota_rejects_what_exceeds_it_however_short_its_period(tmp_path: Path):
    """Of N calls in a period, Poisson with mean 10, E[(N - 9)+] are too many."""
    weather = "desk: {kind: external, provides: {rain: 1}, optional: false, "
    rows = requests(tmp_path, "1/s", weather + "quota: {calls: 9, per: 10s}}")
    n = np.arange(100)
    share = (np.maximum(n - 9, 0) * stats.poisson.pmf(n, 10)).sum() / 10
    assert_mean((rows.outcome == "rejected").to_numpy(float), share)


def test_who_gets_no_answer_waits_for_it(tmp_path: Path):
    """A fifth of the answers gets lost: up to three attempts of 1 s, and pauses that double."""
    system = (
        "app: {kind: client, timeout: 1s, retries: {max: 2, backoff: 500ms, growth: 2}}, "
        "desk: {kind: server, service_time: 100ms}"
    )
    fault = "faults: [{kind: packet_loss, at: 0s, component: desk, share: 0.2}]"
    rows = requests(tmp_path, "1/s", system, "app -> desk -> app", fault)
    expected = 0.8 * 0.1 + 0.16 * (1.5 + 0.1) + 0.032 * (3.5 + 0.1) + 0.008 * 4.5
    assert_mean(rows.took.to_numpy(), expected)
    assert_mean((rows.outcome == "timed_out").to_numpy(float), 0.2**3, batches=20)


@pytest.mark.parametrize("after", ["resumed", "retried"])
def test_a_worker_that_breaks_down_takes_as_long_as_its_completions_say(after: str, tmp_path: Path):
    """M/D/1 whose worker is up for exponential times of 20 s and down for 5 s, used or not.

    Gaver 1962, "A waiting line with interrupted service": the queue is that of completion times, by
    Pollaczek and Khinchine, and of who comes while nobody is served and the worker is down.
    """
    lam, xi, eta, luck = 0.5, 0.05, 0.2, np.random.default_rng(5)

    def breakdowns(system: System) -> Iterator[simpy.Event]:
        while True:
            yield system.clock.timeout(luck.exponential(1 / xi))
            system.crash("desk", 0)
            yield system.clock.timeout(luck.exponential(1 / eta))
            system.restart("desk", 0)

    if after == "resumed":
        mean, square = 1 + xi / eta, (1 + xi / eta) ** 2 + 2 * xi / eta**2
    else:
        whole = math.exp(-xi)
        lost, lost2 = (stats.expon(scale=1 / xi).expect(lambda u, k=k: u**k, ub=1) for k in (1, 2))
        tried = lost + (1 - whole) / eta
        tried2 = lost2 + 2 * lost / eta + 2 * (1 - whole) / eta**2
        mean = 1 + tried / whole
        square = (whole + tried2 + 2 * tried * mean) / whole
    number = lam * mean + lam**2 * square / 2 / (1 - lam * mean) + xi / (xi + eta) * lam / eta
    desk = f"desk: {{kind: server, workers: 1, service_time: 1s, on_crash: {after}}}"
    log = World(loaded(scenario(f"{lam}/s", desk)), deciders=[breakdowns]).log
    took = (log.end - log.arrival)[np.argsort(log.arrival)]
    assert_mean(took, number / lam)


def test_batches_that_wait_for_nobody_wait_as_their_renewals_say(tmp_path: Path):
    """M/D/1 in batches of 8 at most, 1 s for the first and 0.15 s for each other.

    The line that a batch leaves behind is a Markov chain (Bailey 1954, "On queueing processes with
    bulk service"); what waits on average follows from it, and the wait by Little's law.
    """
    lam, most, n = 3.0, 8, np.arange(200)
    left, takes = np.maximum(n - most, 0), 1 + 0.15 * np.maximum(np.minimum(n, most) - 1, 0)
    moves = stats.poisson.pmf(n[:, None] - left, lam * takes) - np.eye(n.size)
    moves[0] = 1.0
    found = np.linalg.solve(moves, np.eye(1, n.size).ravel())
    waiting = found @ (left * takes + lam * takes**2 / 2)
    wait = waiting / (found @ takes + found[0] / lam) / lam
    desk = "desk: {kind: server, workers: 1, service_time: 1s, batch: {size: 8, per_item: 150ms}}"
    rows = requests(tmp_path, f"{lam}/s", desk)
    together = rows.groupby("end_s").took.transform("size")
    assert_mean((rows.took - 1 - 0.15 * (together - 1)).to_numpy(), wait)


def test_two_queues_of_which_one_is_enough_are_one_twice_as_fast(tmp_path: Path):
    """Gardner et al. 2016, "The power of d choices for redundancy": E[T] = 1 / (2 mu - lambda)."""
    one = "{kind: server, workers: 1, service_time: exponential(1s)}"
    system = f"door: {{kind: server}}, a: {one}, b: {one}"
    rows = requests(tmp_path, "1.2/s", system, "door -> any of [a, b] cancel rest")
    assert_mean(rows.took.to_numpy(), 1 / (2 - 1.2))
