"""What components say of errors, optional visits and patience, in what a run has counted."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
import simpy
from scipy import stats

from mlsim.errors import ScenarioError
from mlsim.scenario.load import load
from mlsim.system.requests import RequestBlock
from mlsim.system.settled import OUTCOMES
from mlsim.system.simulation import System

SHOP = """
version: 1
scenario: shop
horizon: 2h
seed: 3
world: {order: {size: "uniform(0, 1)"}}
load: {orders: {rate: 1/s, enters: browser}}
system:
  browser: {kind: client, timeout: 3s, patience: 4s, retries: {max: 3, backoff: 1s}}
  features:
    kind: transform
    reads: [size]
    %s
  checkout: {kind: server, service_time: 10ms}
flow: [browser -> features -> checkout -> browser]
"""


class Ends:
    """Keeps the ends of requests."""

    def __init__(self) -> None:
        self.blocks: list[RequestBlock] = []

    def on_visits(self, visits: object) -> None: ...

    def on_collected(self, collector: str, block: RequestBlock) -> None: ...

    def on_requests(self, block: RequestBlock) -> None:
        self.blocks.append(block)

    def column(self, name: str) -> np.ndarray:
        return np.concatenate([block[name] for block in self.blocks])

    def shares(self) -> Mapping[str, float]:
        return {name: float(self.column(name).mean()) for name in OUTCOMES}


def run(features: str, tmp_path: Path) -> Ends:
    file = tmp_path / "shop.yaml"
    file.write_text(SHOP % features)
    system, ends = System(load(file), seed=3), Ends()
    system.listeners.append(ends)
    system.run()
    return ends


def test_an_error_fails_the_attempt_and_is_tried_again(tmp_path):
    """With p the error rate, three retries leave p**4 of the requests without an answer."""
    ends = run("error_rate: 0.5", tmp_path)
    share, n = 0.5**4, ends.column("ok").size
    assert ends.shares()["failed"] == pytest.approx(share, abs=4 * (share / n) ** 0.5)


def test_what_an_optional_component_would_have_sent_is_missing(tmp_path):
    ends = run("optional: true\n    error_rate: 0.25", tmp_path)
    assert ends.shares()["ok"] == 1.0
    missing = np.isnan(ends.column("features.size"))
    assert missing.mean() == pytest.approx(0.25, abs=0.02)
    assert ends.column("attempts").max() == 1


def test_an_optional_call_is_waited_for_as_long_as_its_timeout(tmp_path):
    """The share of calls that are slower is e**-1, and their value is missing."""
    slow = "optional: true\n    timeout: 20ms\n    service_time: exponential(20ms)"
    ends = run(slow, tmp_path)
    assert ends.shares()["ok"] == 1.0
    assert np.isnan(ends.column("features.size")).mean() == pytest.approx(np.exp(-1), abs=0.025)
    assert ends.column("sojourn_time").max() == pytest.approx(0.03)


def test_who_has_waited_long_enough_leaves(tmp_path):
    """The first attempt times out after 3 s, the second begins after 4 s: too late."""
    ends = run("service_time: 60s", tmp_path)
    assert ends.shares()["abandoned"] == 1.0
    assert ends.column("sojourn_time").tolist() == pytest.approx([4.0] * ends.column("ok").size)


@pytest.mark.parametrize(
    ("patience", "told"),
    [
        ("0s", "must be a duration of more than 0"),
        ("-2s", "must be a duration and not negative"),
        ("uniform(-1s, 3s)", r"must not be negative.*did you mean 'uniform\(0s, 3s\)'"),
        ("normal(2s, 500ms)", r"must not be negative.*did you mean 'lognormal\(2s, 0.25\)'"),
        ("exponential(2s * size)", r"must not depend on size: it is drawn as one begins to wait"),
        ("2s * daily(0.5, 12h)", r"must be a constant, and daily\(\) varies over time"),
        ("1s + exponential(1s)", "must be a constant, or one distribution such as exponential"),
        ("5", "must be a duration such as 50ms .*and is a number"),
    ],
)
def test_a_patience_that_is_none_is_refused(patience, told, tmp_path):
    with pytest.raises(ScenarioError, match=rf"shop.yaml:13: system.features.patience: {told}"):
        run(f'patience: "{patience}"', tmp_path)


CLIENTS = """
version: 1
scenario: habits
horizon: 4h
seed: 3
load: {orders: {rate: 10/s, enters: browser}}
system:
  browser:
    kind: client
    %s
  checkout: {kind: server, error_rate: %s, service_time: %s}
flow: [browser -> checkout -> browser]
"""


def clients(habits: str, tmp_path: Path, error_rate: float = 0.5, takes: str = "0s") -> Ends:
    file = tmp_path / "habits.yaml"
    file.write_text(CLIENTS % ("\n    ".join(habits.split("; ")), error_rate, takes))
    system, ends = System(load(file), seed=3), Ends()
    system.listeners.append(ends)
    system.run()
    return ends


def test_people_leave_when_the_patience_that_they_have_drawn_is_at_its_end(tmp_path):
    """The first of two exponential times is exponential, and of either kind by its rate."""
    ends = clients("patience: exponential(2s)", tmp_path, 0.0, "exponential(1s)")
    took, left = ends.column("sojourn_time"), ends.column("abandoned")
    assert left.mean() == pytest.approx(1 / 3, abs=4 * (2 / 9 / left.size) ** 0.5)
    for some in (took, took[left]):
        assert stats.kstest(some, stats.expon(scale=1 / 1.5).cdf).pvalue > 1e-3


def truth(topic: str, params: str) -> float:
    with (Path(__file__).parents[1] / "data/truth/retries.csv").open() as lines:
        rows = [row for row in csv.DictReader(lines) if row["topic"] == topic]
    return next(float(row["exact"]) for row in rows if row["params"] == params)


@pytest.mark.parametrize(("p", "attempts"), [(0.01, 4), (0.1, 3), (0.5, 2), (0.9, 4)])
def test_capped_retries_send_as_many_attempts_as_the_truncated_geometric_says(
    p, attempts, tmp_path
):
    ends = clients(f"retries: {{max: {attempts - 1}}}", tmp_path, p)
    sent = ends.column("attempts")
    error = sent.std() / sent.size**0.5
    expected = truth("capped retries", f"p={p},max_attempts={attempts}")
    assert sent.mean() == pytest.approx(expected, abs=4 * error)


@pytest.mark.parametrize(("timeout", "attempts"), [(0.5, 3), (1.0, 1), (2.0, 3)])
def test_timeouts_and_retries_take_as_long_as_they_should(timeout, attempts, tmp_path):
    habits = f"timeout: {timeout}s; retries: {{max: {attempts - 1}}}"
    took = clients(habits, tmp_path, 0.0, "exponential(1s)").column("sojourn_time")
    expected = truth("timeout+retry", f"exp mean 1,tau={timeout},attempts={attempts}")
    assert took.mean() == pytest.approx(expected, abs=4 * took.std() / took.size**0.5)


@pytest.mark.parametrize("retries", [3, 8])
def test_full_jitter_backs_off_as_it_should(retries, tmp_path):
    """Every attempt fails at once, so the sojourn is the backoff."""
    backoff = f"max: {retries}, backoff: 100ms, growth: 2, cap: 10s, jitter: true"
    took = clients(f"retries: {{{backoff}}}", tmp_path, 1.0).column("sojourn_time")
    expected = truth("full-jitter backoff", f"base=.1,cap=10,retries={retries}")
    assert took.mean() == pytest.approx(expected, abs=4 * took.std() / took.size**0.5)


@pytest.mark.parametrize(("p", "failures"), [(0.5, 5), (0.3, 3), (0.9, 5), (0.1, 3)])
def test_a_circuit_breaker_rejects_as_much_as_renewal_theory_says(p, failures, tmp_path):
    ends = clients(f"breaker: {{failures: {failures}, open_for: 30s}}", tmp_path, p)
    expected = truth("circuit breaker", f"p={p},k={failures},open=30.0s,rate=10.0/s")
    # A cycle takes at least 30 s, so there are some 400 in the run: a few percent of the rest.
    assert ends.column("rejected").mean() == pytest.approx(expected, abs=0.2 * (1 - expected))
    assert np.all(ends.column("attempts") == ~ends.column("rejected"))


def test_a_budget_lets_few_retry(tmp_path):
    """A tenth of a retry for each request, and ten to begin with."""
    ends = clients("retries: {max: 3, budget: 0.1}", tmp_path, 1.0)
    requests = ends.column("attempts").size
    assert ends.column("attempts").sum() == pytest.approx(1.1 * requests + 10, abs=10)


def test_a_hedge_answers_when_the_first_attempt_is_slow(tmp_path):
    """Slower than 1 s are both of two exponential times of 1 s, the second begun at 0.5 s."""
    ends = clients("hedge: {after: 500ms}", tmp_path, 0.0, "exponential(1s)")
    took = ends.column("sojourn_time")
    assert (took > 1.0).mean() == pytest.approx(np.exp(-1.5), abs=0.01)
    assert (ends.column("attempts") == 2).mean() == pytest.approx(np.exp(-0.5), abs=0.01)


def test_a_hedge_that_the_breaker_holds_back_leaves_the_first_attempt_its_chance(tmp_path):
    """Rejected is who was not sent at all; some were sent once while others tripped the breaker."""
    habits = "breaker: {failures: 3, open_for: 5s}; hedge: {after: 500ms}"
    ends = clients(habits, tmp_path, 0.5, "exponential(1s)")
    rejected, attempts = ends.column("rejected"), ends.column("attempts")
    assert rejected.any()
    assert np.array_equal(rejected, attempts == 0)
    waited = ends.column("sojourn_time") > 0.5
    assert np.any(waited & (attempts == 1) & (ends.column("ok") == 1.0))


def test_who_falls_back_has_an_answer_of_a_sort(tmp_path):
    ends = clients("falls_back: true", tmp_path)
    assert ends.shares()["fallback"] == pytest.approx(0.5, abs=0.01)
    assert ends.shares()["ok"] + ends.shares()["fallback"] == 1.0


def test_a_batch_shares_a_worker(tmp_path):
    """10 requests/s keep a worker of 0.5 s busy five times over; in batches of 16 he keeps up."""
    slow = SHOP.replace("1/s", "10/s") % "workers: 1\n    service_time: 500ms\n    %s"
    sojourns = []
    for batch in ("queue_limit: 100", "batch: {size: 16, wait: 100ms, per_item: 5ms}"):
        file = tmp_path / "shop.yaml"
        file.write_text(slow % batch)
        system, ends = System(load(file), seed=3), Ends()
        system.listeners.append(ends)
        system.run()
        sojourns.append(ends.column("sojourn_time").mean())
    assert sojourns[0] > 3.0
    assert sojourns[1] < 1.2


POOL = """
version: 1
scenario: pool
horizon: 20min
seed: 5
load: {orders: {rate: 8/s, enters: browser}}
system:
  browser: {kind: client}
  checkout: {kind: server, workers: 1, replicas: 10, service_time: exponential(1s), %s}
flow: [browser -> checkout -> browser]
"""


def one_crash(system: System) -> Iterator[simpy.Event]:
    yield system.clock.timeout(300.0)
    system.crash("checkout", 0)
    yield system.clock.timeout(60.0)
    system.restart("checkout", 0)


def pool(how: str, tmp_path: Path) -> Ends:
    file = tmp_path / "pool.yaml"
    file.write_text(POOL % how)
    system, ends = System(load(file), seed=5), Ends()
    system.listeners.append(ends)
    system.clock.process(one_crash(system))
    system.run()
    return ends


def test_balancing_decides_how_long_one_waits(tmp_path):
    """The better one knows the replicas, the shorter one waits; nobody beats one queue for all."""
    hows = ["random", "round_robin", "power_of_two", "least_outstanding"]
    took = [pool(f"balancing: {how}", tmp_path).column("sojourn_time").mean() for how in hows]
    took.append(pool("patience: 1h", tmp_path).column("sojourn_time").mean())
    assert took == sorted(took, reverse=True)


@pytest.mark.parametrize("balancing", ["", "balancing: random, "])
def test_a_crash_loses_what_a_replica_has_unless_it_is_said_otherwise(balancing, tmp_path):
    """Of one line it has what is in service; of its own, what waits there, too."""
    lost, retried, resumed = (
        pool(balancing + f"on_crash: {what}", tmp_path) for what in ("lost", "retried", "resumed")
    )
    assert lost.column("failed").sum() >= 1
    assert retried.column("failed").sum() == resumed.column("failed").sum() == 0
    assert retried.column("ok").size == resumed.column("ok").size == lost.column("ok").size


def test_an_unknown_way_to_balance_is_told_with_those_that_are_known(tmp_path):
    with pytest.raises(ScenarioError, match=r"pool.yaml:9.*balancing: .*'random', 'round_robin'"):
        pool("balancing: roundrobin", tmp_path)


@pytest.mark.parametrize(
    ("backoff", "told"),
    [
        ("-1s", "backoff: must be a duration and not negative"),
        ("exponential(mean=1s * step(1h))", r"backoff: must be a constant, and step\(\) varies"),
        ("3", "backoff: must be a duration"),
    ],
)
def test_a_backoff_that_is_none_is_refused(backoff, told, tmp_path):
    with pytest.raises(ScenarioError, match=told):
        clients(f'retries: {{max: 1, backoff: "{backoff}"}}', tmp_path)


def test_a_service_that_takes_less_than_no_time_is_refused(tmp_path):
    with pytest.raises(ScenarioError, match=r"service_time: must be .* not negative \(got -1s\)"):
        clients("", tmp_path, 0.0, "-1s")
