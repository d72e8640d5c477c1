"""Headline measures of clients against their requests, and what short runs say of weeks."""

from pathlib import Path

import numpy as np
import pytest

import mlsim
from mlsim.measures.headline import headline, measures_of
from tests import desk

SHOP = """
scenario: shop
horizon: 30min
load:
  buyers: {rate: "20/s + 60/s * pulse(10min, 12min)", enters: app}
  robots: {rate: 1/s, enters: crawler}
system:
  app: {kind: client, timeout: 500ms, retries: {max: 2, backoff: 100ms}}
  crawler: {kind: client}
  till: {kind: server, workers: 1, queue_limit: 30, service_time: exponential(20ms)}
flow:
  - app -> till -> app
  - crawler -> till -> crawler
"""


def test_measures_of_a_client_are_what_its_requests_tell(tmp_path: Path):
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP)
    run = mlsim.load(path).run(record="requests")
    found = headline(run.findings)
    own = run.requests[run.requests.load == "buyers"]
    ok = own.outcome == "ok"
    assert 50 < found["answered.app"] < 99
    assert found["answered.app"] == pytest.approx(100 * ok.mean())
    assert found["attempts.app"] == pytest.approx(own.attempts.mean())
    for q in (50, 95, 99):
        taken = 1000 * np.quantile((own.end_s - own.arrival_s)[ok], q / 100)
        assert found[f"latency.app.p{q}"] == pytest.approx(taken, rel=0.02)


def test_nothing_is_told_of_a_client_that_waits_for_ever(tmp_path: Path):
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP)
    names = measures_of(mlsim.load(path).spec, watched=False)
    assert not any("crawler" in name for name in names)


def test_a_run_of_hours_says_nothing_of_a_week(tmp_path: Path):
    scenario = mlsim.load(desk.written(tmp_path))
    short, long = (headline(scenario.with_({"horizon": h}).run().findings) for h in ("2h", "1d"))
    assert (short["pages_in_run"], long["pages_per_week"]) == (1.0, 7.0)
    assert not any("week" in name for name in short)
    assert not any("in_run" in name for name in long)
