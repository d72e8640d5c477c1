"""Systems that somebody writes down in a scenario file, and what theory says of them."""

import math
from collections.abc import Iterable, Iterator
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

State = tuple[int, ...]


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


def shares(moves: Iterable[tuple[State, State, float]]) -> dict[State, float]:
    """How much of its time a Markov chain spends in each state: (from, to, rate) of all moves."""
    rates = {(old, new): rate for old, new, rate in moves}
    number = {state: k for k, state in enumerate(sorted({old for old, _ in rates}))}
    balance = np.zeros((len(number), len(number)))
    for (old, new), rate in rates.items():
        if new in number:  # the others are left out: the chain ends there
            balance[number[new], number[old]] += rate
            balance[number[old], number[old]] -= rate
    balance[0] = 1.0
    found = np.linalg.solve(balance, np.eye(1, len(number)).ravel())
    return dict(zip(number, found.tolist(), strict=True))


def mean_number(lam: float, speeds: tuple[float, float], most: int = 30) -> float:
    """Of two lines, the shorter of which is joined, or either of equal ones: its Markov chain."""
    moves: list[tuple[State, State, float]] = []
    for i, j in np.ndindex(most, most):
        first = (i < j) + 0.5 * (i == j)
        moves += [((i, j), (i + 1, j), lam * first), ((i, j), (i, j + 1), lam * (1 - first))]
        moves += [((i, j), (i - 1, j), speeds[0]), ((i, j), (i, j - 1), speeds[1])]
    return sum(share * sum(state) for state, share in shares(moves).items())


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


def test_who_finds_all_busy_comes_back_from_an_orbit(tmp_path: Path):
    """The M/M/4/4 queue with retrials (Falin 1990, "A survey of retrial queues"), its chain cut."""
    lam, eta, workers = 2.0, 0.5, 4
    moves: list[tuple[State, State, float]] = []
    for busy, orbit in np.ndindex(workers + 1, 60):
        here, full = (busy, orbit), busy == workers
        moves.append((here, (busy, orbit + 1) if full else (busy + 1, orbit), lam))
        if busy:
            moves.append((here, (busy - 1, orbit), float(busy)))
        if orbit and not full:
            moves.append((here, (busy + 1, orbit - 1), orbit * eta))
    found = shares(moves)
    system = (
        "app: {kind: client, retries: {max: 100, backoff: exponential(2s)}}, "
        "desk: {kind: server, workers: 4, queue_limit: 0, service_time: exponential(1s)}"
    )
    rows = requests(tmp_path, f"{lam}/s", system, "app -> desk -> app")
    assert_mean(rows.took.to_numpy(), sum(p * sum(state) for state, p in found.items()) / lam)
    blocked = sum(p for (busy, _), p in found.items() if busy == workers)
    assert_mean((rows.attempts > 1).to_numpy(float), blocked)


def test_calls_that_need_two_connections_are_lost_as_kelly_says(tmp_path: Path):
    """Kelly 1991, "Loss networks": the product form holds whatever the law of the times."""
    one, both = 5.0, 4.0
    weights = {
        (i, j): both**i / math.factorial(i) * one**j / math.factorial(j)
        for i in range(5)
        for j in range(9 - i)
    }
    lost = {
        state: one * (sum(state) == 8) + both * (state[0] == 4 or sum(state) == 8)
        for state in weights
    }
    expected = sum(w * lost[state] for state, w in weights.items()) / sum(weights.values()) / 9
    system = (
        "door: {kind: server}, pool: {kind: connection_pool, connections: 4, queue_limit: 0}, "
        "shared: {kind: connection_pool, connections: 8, queue_limit: 0}, "
        "desk: {kind: server, service_time: 'lognormal(mean=1s, cv=2)'}"
    )
    flow = "door -> (pool(shared(desk)) if bernoulli(4 / 9) else shared(desk))"
    rows = requests(tmp_path, "9/s", system, flow)
    assert_mean((rows.outcome == "rejected").to_numpy(float), expected)


@pytest.mark.parametrize("limit", [1, 3, 8])
def test_a_bucket_rejects_what_a_dam_overflows(limit: int, tmp_path: Path):
    """What lacks in the bucket is the work in an M/D/1 queue that lets in no more than it holds.

    Below the limit it is spread as Erlang (1909) says, also where his queue would grow for ever.
    """
    lam, rate = 2.0, 1.8
    full = limit - 1  # more than this must not lack
    held = sum(
        (-lam / rate * (full - k)) ** k / math.factorial(k) * math.exp(lam / rate * (full - k))
        for k in range(full + 1)
    )
    desk = f"desk: {{kind: server, rate_limit: {{rate: {rate}/s, burst: {limit}}}}}"
    rows = requests(tmp_path, f"{lam}/s", desk)
    expected = 1 - held / (1 + lam / rate * held)
    assert_mean((rows.outcome == "rejected").to_numpy(float), expected)


@pytest.mark.parametrize("how", ["desk", "pool(desk)", "front(desk)"])
def test_cancelled_work_gives_back_what_it_holds(how: str, tmp_path: Path):
    """M/M/1 in overload, where nobody stays for longer than 4 s: worker, connection or caller.

    The work that is found has the density p lambda exp((lambda - mu) x) up to 4 s, by its level
    crossings, and p, the share of idle time, makes it a distribution.
    """
    lam, most = 1.5, 4.0
    idle = 1 / (1 + lam * math.expm1((lam - 1) * most) / (lam - 1))
    workers = 1 if how == "desk" else 9
    desk = f"desk: {{kind: server, workers: {workers}, service_time: exponential(1s)}}"
    parts = {
        "desk": "",
        "pool(desk)": "pool: {kind: connection_pool, connections: 1}, ",
        "front(desk)": "front: {kind: server, workers: 1}, ",
    }
    app = f"app: {{kind: client, timeout: {most}s, cancels: true}}, "
    rows = requests(tmp_path, f"{lam}/s", app + parts[how] + desk, f"app -> {how} -> app")
    late = idle * math.exp((lam - 1) * most)
    assert_mean((rows.outcome == "timed_out").to_numpy(float), late)


def test_workers_wait_for_connections(tmp_path: Path):
    """Four workers of whom two can call at a time: a Markov chain of all and of those who call."""
    lam, moves = 1.2, []
    for inside, calling in np.ndindex(150, 5):
        here, held = (inside, calling), min(inside, 4)
        if calling <= held:
            moves.append((here, (inside + 1, calling), lam))
            moves.append((here, (inside, calling + 1), 2.0 * (held - calling)))
            moves.append((here, (inside - 1, calling - 1), float(min(calling, 2))))
    number = sum(p * inside for (inside, _), p in shares(moves).items())
    system = (
        "door: {kind: server}, pool: {kind: connection_pool, connections: 2}, "
        "front: {kind: server, workers: 4, service_time: exponential(500ms)}, "
        "desk: {kind: server, service_time: exponential(1s)}"
    )
    rows = requests(tmp_path, f"{lam}/s", system, "door -> front(pool(desk))")
    assert_mean(rows.took.to_numpy(), number / lam)


def test_an_answer_is_called_for_by_all_who_come_while_it_is_under_way(tmp_path: Path):
    """A renewal process: who comes in the 2 s after a miss misses, too, and who comes last of these
    brings the answer that is kept for 10 s more.
    """
    lam, fetch, kept = 1.0, 2.0, 10.0
    last = fetch - (1 - math.exp(-lam * fetch)) / lam
    misses = (1 + lam * fetch) / (lam * (last + fetch + kept) + 1)
    system = (
        "app: {kind: client}, shelf: {kind: cache, key: item, ttl: 10s}, "
        "desk: {kind: server, service_time: 2s}"
    )
    more = "world: {job: {item: 1}}"
    rows = requests(tmp_path, f"{lam}/s", system, "app -> shelf(desk) -> app", more)
    assert_mean(1 - rows["shelf.hit"].to_numpy(), misses)
