"""Overload is said where more is offered than can be done, and nowhere else."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlsim import api
from mlsim.report.overload import overloaded
from tests.worlds import COUNTER, HOUR, loaded


def desk(**settings: object) -> dict[str, Any]:
    """What the summary of a run says of the only component, three clerks of 1 s each."""
    run = api.Scenario(loaded(COUNTER, **settings), None).run()
    [row] = run.summary["components"]
    return row | {"told": overloaded(run.summary)}


@pytest.mark.parametrize("limit", [None, 10, 0])
@pytest.mark.parametrize("offered", [1.12, 1.6])
def test_what_is_offered_is_told_whatever_becomes_of_it(limit: int | None, offered: float):
    """In an endless queue, in a short one, and where who can't be served at once is lost."""
    short = {} if limit is None else {"system__desk__queue_limit": limit}
    row = desk(load__jobs__rate=f"{3 * offered}/s", **short)
    assert row["overloads"] >= 1
    assert row["demand"] == pytest.approx(offered, rel=0.02)
    assert row["overload_from_s"] < 0.1 * HOUR
    assert row["overload_until_s"] is None
    assert row["told"][0].startswith("desk: 1")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("setting", [{}, {"system__desk__queue_limit": 0}])
def test_a_busy_component_is_not_an_overloaded_one(seed: int, setting: dict[str, int]):
    """At 90% queues are long and lossy lines lose a third; that is chance and not overload."""
    assert desk(load__jobs__rate="2.7/s", seed=seed, **setting)["overloads"] == 0


def test_a_spike_has_its_beginning_and_its_end():
    row = desk(load__jobs__rate="2.4/s * (1 + pulse(9h, 10h))")
    assert row["overloads"] == 1
    assert row["demand"] == pytest.approx(1.6, rel=0.05)
    assert row["overload_from_s"] == pytest.approx(9 * HOUR, abs=120)
    assert row["overload_until_s"] == pytest.approx(10 * HOUR, abs=120)
    assert row["told"][0].endswith("utilised from 9 h to 10 h")


def test_each_day_is_an_overload_of_its_own():
    row = desk(load__jobs__rate="2.4/s * daily(trough=0.2, peak_at=12h)", horizon="3d")
    assert row["overloads"] == 3
    assert row["told"][0].endswith("(the worst of three times)")


def test_slower_service_overloads_as_more_requests_do():
    fault = {"kind": "latency", "at": "9h", "until": "12h", "component": "desk", "factor": 2}
    row = desk(faults=[fault], load__jobs__rate="2/s")
    assert row["demand"] == pytest.approx(4 / 3, rel=0.06)
    assert row["overload_from_s"] == pytest.approx(9 * HOUR, abs=300)


def test_without_a_worker_there_is_no_share_to_tell():
    fault = {"kind": "crash", "at": "9h", "until": "10h", "component": "desk"}
    row = desk(faults=[fault])
    assert row["demand"] is None
    assert row["told"] == ["desk: without a worker from 9 h to 10 h"]


SHARED = {"system__desk__discipline": "processor_sharing"}


def test_who_shares_a_worker_has_a_part_of_it():
    """An M/M/1 in which all are served at once: they stay 1 / (1 - rho) as long as they work."""
    row = desk(load__jobs__rate="0.7/s", system__desk__workers=1, **SHARED)
    assert row["utilisation"] == pytest.approx(0.7, rel=0.02)
    assert row["mean_s"] == pytest.approx(1 / 0.3, rel=0.1)
    assert row["overloads"] == 0
    few = desk(load__jobs__rate="1.8/s", **SHARED)
    assert (few["utilisation"], few["overloads"]) == (pytest.approx(0.6, rel=0.02), 0)


def test_a_shared_component_is_overloaded_by_what_comes():
    row = desk(load__jobs__rate="3.6/s", horizon="6h", **SHARED)
    assert row["demand"] == pytest.approx(1.2, rel=0.03)
    assert row["utilisation"] == pytest.approx(1.0, abs=1e-3)


LIMITED = {
    "pool": """
  db: {kind: server, service_time: exponential(1s)}
  pool: {kind: connection_pool, connections: 2}
flow: [desk -> pool(db)]""",
    "topic": """
  pool: {kind: topic, consumers: 2, service_time: exponential(1s)}
  archive: {kind: collector}
flow: [desk, desk ~> pool -> archive]""",
}


@pytest.mark.parametrize("kind", LIMITED)
@pytest.mark.parametrize("offered", [0.7, 1.3])
def test_whatever_has_a_limit_can_be_overloaded(kind: str, offered: float, tmp_path: Path):
    head = "scenario: limited\nhorizon: 10h\nsystem:\n  desk: {kind: server}"
    load = f"\nload: {{jobs: {{rate: {2 * offered}/s, enters: desk}}}}\n"
    path = tmp_path / "limited.yaml"
    path.write_text(head + LIMITED[kind] + load)
    [row] = [r for r in api.load(path).run().summary["components"] if r["name"] == "pool"]
    assert row["utilisation"] == pytest.approx(min(offered, 1.0), rel=0.03)
    assert (row["overloads"] > 0) == (offered > 1)
    if offered > 1:
        assert row["demand"] == pytest.approx(offered, rel=0.03)


@pytest.mark.parametrize("seed", range(3))
def test_shards_that_all_get_the_same_are_not_overloaded_by_chance(seed: int):
    shards = {"system__desk__workers": 1, "system__desk__shards": 20}
    row = desk(load__jobs__rate="0.8/s", seed=seed, **shards)
    assert row["overloads"] == 0
    assert desk(load__jobs__rate="1.2/s", seed=seed, horizon="3h", **shards)["overloads"] == 1


@pytest.mark.parametrize("seed", range(3))
def test_services_that_differ_much_are_not_an_overload_of_a_few_minutes(seed: int):
    long = {"system__desk__service_time": "lognormal(mean=1s, cv=4)"}
    assert desk(load__jobs__rate="2.1/s", seed=seed, **long)["overloads"] == 0


def test_services_that_outlast_the_run_count_as_far_as_they_have_come():
    """A thousand workers, of whom as many are busy by t as have come by then."""
    long = {"system__desk__workers": 1000, "system__desk__service_time": "constant(2000s)"}
    row = desk(load__jobs__rate="0.5/s", horizon="1000s", **long)
    assert row["requests"] == 0
    assert row["utilisation"] == pytest.approx(0.5 * 1000**2 / 2 / 1000**2, rel=0.15)


def test_what_a_crash_takes_away_is_counted_by_the_second():
    """However rarely somebody scrapes: one of two workers is away for 100 of 1000 s."""
    fault = {"kind": "crash", "at": "401s", "until": "501s", "component": "desk", "replica": 0}
    settings = {"system__desk__workers": 1, "system__desk__replicas": 2, "horizon": "1000s"}
    run = api.Scenario(loaded(COUNTER, faults=[fault], **settings), None).run(record="visits")
    [row] = run.summary["components"]
    visits = run.visits.query("replica >= 0")
    worked = (visits["end_s"] - visits["start_s"]).sum()
    assert row["utilisation"] == pytest.approx(worked / 1900, abs=0.005)


def test_utilisation_counts_the_replicas_that_are_there_at_the_time():
    """Nine erlangs by the workers of the mean number of replicas."""
    scaler = "  more: {kind: autoscaler, scales: desk, target: 0.5, max: 9}\nflow:"
    text = COUNTER.replace("flow:", scaler)
    run = api.Scenario(loaded(text, load__jobs__rate="9/s"), None).run()
    [row] = [row for row in run.summary["components"] if row["name"] == "desk"]
    replicas = run.metrics.filter(like="up{").sum(axis=1)
    assert replicas.max() > 3
    assert row["utilisation"] == pytest.approx(
        9 / (3 * replicas[replicas.index > 0].mean()), rel=0.02
    )
    assert row["overloads"] <= 1


def test_a_worker_with_a_batch_is_busy_once():
    """Utilisation of M/D/1 with batches: never over 1, whatever their size."""
    row = desk(
        load__jobs__rate="20/s",
        horizon="2h",
        system__desk={"kind": "server", "workers": 1, "service_time": "400ms",
                      "batch": {"size": 16}},
    )  # fmt: skip
    assert 0.9 < row["utilisation"] <= 1.0
    assert row["overloads"] == 0
    assert math.isfinite(row["mean_s"])


@pytest.mark.parametrize(("limit", "full"), [(None, 16), (8, 8)])
def test_what_comes_in_batches_is_told_by_what_full_ones_can_do(limit: int | None, full: int):
    """Before the spike hardly two share a batch; a line of eight fills no more than that."""
    rate, each = 1.91, (5 + 0.5 * (full - 1)) / full
    batch = {"size": 16, "wait": "0s" if limit else "5s", "per_item": "500ms"}
    row = desk(
        load__jobs__rate="0.05/s + 1.86/s * pulse(5h, 5h + 10min)",
        system__desk={"kind": "server", "workers": 1, "service_time": "5s", "batch": batch,
                      "queue_limit": limit or 10_000},
    )  # fmt: skip
    assert row["demand"] == pytest.approx(rate * each, rel=0.03)
    assert row["overload_from_s"] == pytest.approx(5 * HOUR, abs=120)


def test_where_nobody_comes_nothing_is_told():
    assert desk(load__jobs__rate="0.0001/s")["overloads"] == 0
    assert np.isfinite(desk(horizon="20s")["utilisation"] or 0.0)
