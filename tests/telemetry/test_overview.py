"""What a run tells of clients, caches, priorities and replicas, counted from its single visits."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlsim import api
from mlsim.engine.caching import HIT
from mlsim.report import serving
from mlsim.telemetry.overview import warnings
from tests.worlds import loaded

CLINIC = """
scenario: clinic
horizon: 1h
seed: 3
world:
  visit: {urgency: "floor(uniform(0, 3))", item: "floor(uniform(0, 200))"}
load: {visits: {rate: 1.2/s, enters: phone}}
system:
  phone: {kind: client, timeout: 6s, retries: {max: 1}}
  store: {kind: cache, key: item, ttl: 5min}
  lookup: {kind: server, service_time: 30ms}
  desk:
    kind: server
    workers: 1
    replicas: 3
    balancing: random
    queue_limit: 6
    priority: urgency
    service_time: exponential(1.3s)
flow: [phone -> store(lookup) -> desk -> phone]
faults: [{kind: slow_replica, at: 1min, component: desk, replica: 1, factor: 2}]
"""


@pytest.fixture(scope="module")
def run() -> api.Run:
    return api.Scenario(loaded(CLINIC), None).run(record=["requests", "visits"], twin=False)


def row_of(run: api.Run, name: str) -> dict[str, Any]:
    [row] = [row for row in run.summary["components"] if row["name"] == name]
    return dict(row)


def visits_to(run: api.Run, name: str) -> pd.DataFrame:
    return run.visits[run.visits["component"] == name]


def test_each_priority_is_counted_for_itself(run: api.Run):
    desk = visits_to(run, "desk")
    urgency = run.requests.set_index("request")["urgency"].reindex(desk["request"]).to_numpy()
    has_ended = ~np.isnan(urgency)
    assert np.array_equal(desk["priority"].to_numpy()[has_ended], urgency[has_ended])
    assert has_ended.mean() > 0.99
    told = {row["priority"]: row for row in row_of(run, "desk")["priorities"]}
    assert list(told) == [2, 1, 0]
    for priority, rows in desk.groupby("priority"):
        own, began = told[priority], rows[rows["replica"] >= 0]
        assert own["requests"] == len(rows)
        assert own["ended"] == {**dict.fromkeys(own["ended"], 0), **rows["outcome"].value_counts()}
        taken = began["end_s"] - began["arrival_s"]
        assert own["mean_s"] == pytest.approx(taken.mean(), rel=1e-6)
        assert own["p95_s"] == pytest.approx(np.quantile(taken, 0.95), rel=0.02)
    assert told[2]["p95_s"] < told[1]["p95_s"] < told[0]["p95_s"]
    [line] = serving.priorities(run.summary)
    assert line.startswith("desk: 95% at priority 2 within ")


def test_each_replica_is_counted_for_itself(run: api.Run):
    served = visits_to(run, "desk").query("replica >= 0")
    busy = (served["end_s"] - served["start_s"]).groupby(served["replica"]).sum()
    for row in row_of(run, "desk")["replicas"]:
        own = served[served["replica"] == row["replica"]]
        assert row["requests"] == len(own)
        # One more may be under way at the end.
        assert 0.0 <= row["utilisation"] - busy[row["replica"]] / 3600 < 0.001
        assert row["service_s"] == pytest.approx(busy[row["replica"]] / len(own), rel=1e-6)
    [line] = serving.replicas(run.summary)
    assert line.endswith("% (replica 1) utilised")


def test_a_cache_tells_how_often_it_had_the_answer(run: api.Run):
    store, looked = row_of(run, "store"), visits_to(run, "store")
    assert store["hits"] == (looked["settings"] == HIT).sum() > 1000
    assert store["hits"] + store["misses"] == len(looked)


def test_a_client_tells_what_it_saw(run: api.Run):
    phone, seen = row_of(run, "phone"), run.requests
    assert len(seen) == phone["requests"]
    assert phone["ended"] == {**dict.fromkeys(phone["ended"], 0), **seen["outcome"].value_counts()}
    assert phone["attempts"] == seen["attempts"].sum() > len(seen)
    answered = seen[seen["outcome"] == "ok"]
    waited = (answered["end_s"] - answered["arrival_s"]).mean()
    assert phone["mean_s"] == pytest.approx(waited, rel=1e-6)


def test_a_model_that_was_never_trained_is_told_first():
    """Whatever else there is to say: no result means anything."""

    def part(warning: str, *, learns: bool) -> SimpleNamespace:
        spec = SimpleNamespace(has_versions=learns, warnings=lambda system, name: [warning])
        return SimpleNamespace(spec=spec)

    system = {"cache": part("old answers", learns=False), "risk": part("untrained", learns=True)}
    assert warnings(system) == ("untrained", "old answers")  # type: ignore[arg-type]


def test_requests_without_an_end_are_told(tmp_path: Path):
    """From half an hour on nobody is answered, and nobody gives up."""
    path = tmp_path / "hang.yaml"
    path.write_text("""
scenario: hang
horizon: 1h
load: {jobs: {rate: 1/s, enters: app}}
system:
  app: {kind: client}
  desk: {kind: server, workers: 4, service_time: constant(1s)}
flow: [app -> desk -> app]
faults: [{kind: crash, at: 30min, component: desk}]
""")
    run = api.load(path).run()
    app, all_came = row_of(run, "app"), run.twin.requests
    assert app["requests"] + app["unended"] == pytest.approx(len(all_came), abs=3)
    assert app["unended"] == pytest.approx(1800, abs=150)
    [warning] = run.summary["warnings"]
    came = app["requests"] + app["unended"]
    assert warning.startswith(f"{app['unended']:,} of {came:,} requests of app had not ended")
    [told] = serving.clients(run.summary)
    assert told.endswith(f"; {app['unended']:,} more under way at the end")
    assert not run.twin._record.warnings


def test_requests_without_an_end_are_told_where_there_is_no_client(tmp_path: Path):
    """Three hours of work come in two, to one worker: a third still waits."""
    path = tmp_path / "batch.yaml"
    path.write_text("""
scenario: batch
horizon: 2h
load: {jobs: {rate: 1.5/s, enters: desk}}
system: {desk: {kind: server, workers: 1, service_time: constant(1s)}}
flow: [desk]
""")
    run = api.load(path).run()
    [warning] = run.summary["warnings"]
    still, came = (int(n.replace(",", "")) for n in re.findall(r"[\d,]*\d", warning))
    assert warning.endswith(
        " requests to desk had not ended when the run did, and are in no outcome"
    )
    assert came - still == len(run.requests)
    assert still == pytest.approx(0.5 * 7200, abs=4 * np.sqrt(1.5 * 7200))


def test_what_no_scrape_has_seen_is_counted(tmp_path: Path):
    """A run that ends 50 s after its last scrape, with all that each client and component saw."""
    (tmp_path / "rare.yml").write_text("scrape_interval: 1min")
    path = tmp_path / "clinic.yaml"
    path.write_text(CLINIC.replace("horizon: 1h", "horizon: 350s") + "monitoring: rare.yml")
    run = api.load(path).run(record=["requests", "visits"])
    assert (run.requests["end_s"] > 300).sum() > 20
    phone = row_of(run, "phone")
    assert phone["requests"] == len(run.requests)
    assert phone["attempts"] == run.requests["attempts"].sum()
    seen = run.visits.groupby("component", observed=True).size()
    for name in ("desk", "store", "lookup"):
        assert row_of(run, name)["requests"] == seen[name]
    store = row_of(run, "store")
    assert store["hits"] + store["misses"] == seen["store"]
