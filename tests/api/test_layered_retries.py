"""Retries in layers: each caller calls again, and attempts multiply on the way down."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mlsim
from mlsim.errors import ScenarioError

LAYERS = """
scenario: layers
horizon: 2h
seed: 6
load: {{requests: {{rate: 1/s, enters: app}}}}
system:
  app: {{kind: client, retries: {{max: {client}}}}}
  gateway: {{kind: server, retries: {gateway}, service_time: 1ms}}
  backend: {{kind: server, service_time: 1ms}}
  database:
    {{kind: server, retries: {database}, service_time: exponential(mean=10ms), error_rate: {p}}}
flow: [app -> gateway -> backend -> database -> app]
"""


def ran(folder: Path, **settings: float) -> mlsim.Run:
    given = {"client": 0, "gateway": 0, "database": 0, "p": 0.5} | settings
    (folder / "layers.yaml").write_text(LAYERS.format(**given))
    return mlsim.load(folder / "layers.yaml").run(record=["requests", "visits"])


def calls_of(run: mlsim.Run, component: str) -> pd.Series:
    """How often each request came to a component."""
    visits = run.visits
    return visits[visits["component"] == component].groupby("request").size()


def truncated_geometric(p: float, n: int) -> float:
    """Mean number of attempts, at most n, until one succeeds; each fails with probability p."""
    return (1 - p**n) / (1 - p)


def assert_mean(values: pd.Series, expected: float) -> None:
    error = values.std() / np.sqrt(values.size)
    assert values.mean() == pytest.approx(expected, abs=4 * error + 5 / values.size)


@pytest.mark.parametrize(
    ("client", "gateway", "database", "calls"), [(3, 0, 3, 16), (3, 3, 3, 64), (0, 1, 2, 6)]
)
def test_an_outage_at_the_bottom_is_asked_as_often_as_layers_multiply(
    tmp_path: Path, client: int, gateway: int, database: int, calls: int
):
    """Two layers of four attempts make 16, three make 64 (Site Reliability Engineering, ch. 22)."""
    run = ran(tmp_path, client=client, gateway=gateway, database=database, p=1)
    assert (calls_of(run, "database") == calls).all()
    assert (calls_of(run, "backend") == (1 + client) * (1 + gateway)).all()
    assert (run.requests["attempts"] == 1 + client).all()
    assert (run.requests["outcome"] == "failed").all()


@pytest.mark.parametrize("p", [0.6, 0.85])
def test_each_layer_hides_failures_from_the_one_before_it(tmp_path: Path, p: float):
    """Each layer sees a truncated geometric number of calls, of what the next one lets through."""
    run = ran(tmp_path, client=2, gateway=1, database=3, p=p)
    assert_mean(calls_of(run, "database"), truncated_geometric(p, 24))
    assert_mean(calls_of(run, "gateway"), truncated_geometric(p**4, 6))
    assert_mean(run.requests["attempts"], truncated_geometric(p**8, 3))
    failed = (run.requests["outcome"] == "failed").astype(float)
    assert_mean(failed, p**24)


def test_every_call_draws_anew(tmp_path: Path):
    """Or a database that failed once would fail for that request for ever."""
    visits = ran(tmp_path, database=3, p=0.5).visits
    took = visits[visits["component"] == "database"].eval("end_s - start_s")
    assert took.nunique() == took.size
    assert took.mean() == pytest.approx(0.01, rel=0.05)


def test_what_nobody_needs_is_called_again_before_it_is_done_without(tmp_path: Path):
    optional = LAYERS.replace("error_rate: {p}", "error_rate: {p}, optional: true")
    (tmp_path / "layers.yaml").write_text(optional.format(client=3, gateway=3, database=2, p=0.5))
    run = mlsim.load(tmp_path / "layers.yaml").run(record=["requests", "visits"])
    assert (run.requests["outcome"] == "ok").all()
    assert_mean(calls_of(run, "database"), truncated_geometric(0.5, 3))
    assert (calls_of(run, "gateway") == 1).all()


def test_a_call_that_takes_too_long_is_called_again(tmp_path: Path):
    """Its work goes on; each of four calls is in time with probability 1 - 1/e."""
    slow = LAYERS.replace("error_rate: {p}", "timeout: 10ms")
    (tmp_path / "layers.yaml").write_text(slow.format(client=0, gateway=0, database=3))
    run = mlsim.load(tmp_path / "layers.yaml").run(record=["requests", "visits"])
    late = np.exp(-1)
    assert_mean(calls_of(run, "database"), truncated_geometric(late, 4))
    unanswered = (run.requests["outcome"] == "timed_out").mean()
    assert unanswered == pytest.approx(late**4, abs=4 * np.sqrt(late**4 / len(run.requests)))


def test_a_closed_door_is_knocked_at_in_one_instant(tmp_path: Path):
    """All calls fail at once where nobody may wait: no event lies between them."""
    full = LAYERS.replace("error_rate: {p}", "workers: 1, queue_limit: 0").replace("1/s", "50/s")
    full = full.replace("mean=10ms", "mean=10s").replace("2h", "5min")
    (tmp_path / "layers.yaml").write_text(full.format(client=3, gateway=0, database=15))
    run = mlsim.load(tmp_path / "layers.yaml").run(record=["requests", "visits"])
    rejected = run.requests[run.requests["outcome"] == "rejected"]["request"]
    assert (calls_of(run, "database")[rejected] == 64).mean() > 0.95


def test_more_calls_than_can_be_counted_are_refused(tmp_path: Path):
    told = r"layers.yaml:8: system.gateway.retries: .* at most 4096 times \(10000 here\)"
    with pytest.raises(ScenarioError, match=told):
        ran(tmp_path, gateway=99, database=99)


@pytest.mark.parametrize("p", [0.5, 0.9])
def test_a_worker_that_calls_others_is_called_again_when_they_fail(tmp_path: Path, p: float):
    """The gateway's workers wait for the database; each call of the gateway has luck of its own."""
    held = LAYERS.replace(
        "app -> gateway -> backend -> database", "app -> gateway(backend -> database)"
    )
    (tmp_path / "layers.yaml").write_text(held.format(client=1, gateway=2, database=1, p=p))
    run = mlsim.load(tmp_path / "layers.yaml").run(record=["requests", "visits"])
    assert_mean(calls_of(run, "database"), truncated_geometric(p, 12))
    assert_mean(calls_of(run, "gateway"), truncated_geometric(p**2, 6))
    assert_mean((run.requests["outcome"] == "failed").astype(float), p**12)
