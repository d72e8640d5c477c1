"""Limits, cold starts and rolling deploys as a scenario says them."""

from pathlib import Path

import numpy as np
import pytest

from mlsim.errors import ScenarioError
from mlsim.scenario.load import load
from mlsim.system.simulation import System
from tests.system.test_served import Ends

SHOP = """
version: 1
scenario: shop
horizon: 30min
seed: 3
load: {orders: {rate: 8/s, enters: browser}}
system:
  browser: {kind: client}
  checkout: {kind: server, workers: 2, replicas: 4, service_time: exponential(500ms), %s}
  %s
flow: [browser -> checkout -> browser]
"""


def run(checkout: str, tmp_path: Path, beside: str = "", shop: str = SHOP) -> tuple[System, Ends]:
    file = tmp_path / "shop.yaml"
    file.write_text(shop % (checkout, beside))
    system, ends = System(load(file), seed=3), Ends()
    system.listeners.append(ends)
    system.run()
    return system, ends


def test_a_rate_limit_lets_in_what_it_says(tmp_path):
    _, ends = run("rate_limit: {rate: 3/s, burst: 30}", tmp_path)
    assert ends.column("ok").sum() == pytest.approx(3 * 1800 + 30, abs=5)
    assert ends.shares()["rejected"] == pytest.approx(1 - 3 / 8, abs=0.02)


def test_a_concurrency_limit_bounds_what_is_inside(tmp_path):
    """A line of at most 4 behind 8 workers: the same requests as with a queue_limit."""
    for limit in ("concurrency_limit: 12", "queue_limit: 4"):
        _, ends = run(limit, tmp_path)
        rejected = ends.column("rejected").sum()
    _, ends = run("concurrency_limit: 12", tmp_path)
    assert ends.column("rejected").sum() == rejected


def test_shedding_bounds_the_wait_of_an_overload(tmp_path):
    """Twice as much comes as can be served: half is turned away, the rest waits a few seconds."""
    _, calm = run("sheds_above: 3s", tmp_path)
    slow = SHOP.replace("exponential(500ms)", "2s")
    _, ends = run("sheds_above: 3s", tmp_path, shop=slow)
    assert calm.shares()["rejected"] == 0.0
    assert ends.shares()["rejected"] == pytest.approx(0.5, abs=0.05)
    assert ends.column("sojourn_time")[ends.column("ok")].max() < 15.0


def test_a_rolling_deploy_replaces_one_after_another_and_loses_nothing(tmp_path):
    deploy = "weekly: {kind: rolling_deploy, component: checkout, at: 10min, start_up: 20s}"
    system, ends = run("", tmp_path, deploy)
    changes = [change for change in system.replica_changes if change[0] > 0]
    assert [(replica, up) for _, _, replica, up in changes] == [
        (replica, up) for replica in range(4) for up in (False, True)
    ]
    times = np.array([time for time, *_ in changes])
    assert np.all(np.diff(times)[::2] == 20.0)
    assert ends.shares()["ok"] == 1.0


def test_a_deploy_without_grace_loses_what_is_under_way(tmp_path):
    deploy = "weekly: {kind: rolling_deploy, component: checkout, at: 10min, grace: 0s}"
    _, ends = run("", tmp_path, deploy)
    assert 1 <= ends.column("failed").sum() <= 8


def test_a_cold_start_is_felt_after_a_deploy(tmp_path):
    deploy = "weekly: {kind: rolling_deploy, component: checkout, at: 10min, every: 5min}"
    warm, cold = (
        run(how, tmp_path, deploy)[1].column("sojourn_time").mean()
        for how in ("", "cold_start: {requests: 50, factor: 4}")
    )
    assert cold > 1.05 * warm


@pytest.mark.parametrize(
    ("checkout", "beside", "told"),
    [
        ("rate_limit: {rate: 0/s}", "", r"checkout.rate_limit.rate: must be more than 0"),
        ("rate_limit: {rate: 3/s * step(1h)}", "", r"rate_limit.rate: must be a constant"),
        ("cold_start: {requests: 5, factor: 1}", "", r"cold_start.factor: must be more than 1"),
        ("concurrency_limit: 0", "", r"concurrency_limit: must be at least 1"),
        (
            "",
            "weekly: {kind: rolling_deploy, component: chekout, at: 1d}",
            r"weekly.component: no component 'chekout'.*did you mean 'checkout'",
        ),
    ],
)
def test_mistakes_are_told(checkout, beside, told, tmp_path):
    with pytest.raises(ScenarioError, match=told):
        run(checkout, tmp_path, beside)
