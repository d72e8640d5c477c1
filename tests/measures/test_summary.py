"""What the summary says of faults."""

import json
from pathlib import Path

import pytest

import mlsim
from mlsim.measures.summary import summary
from mlsim.studies.worlds import run_worlds
from tests.worlds import CLINIC, loaded


def test_a_fault_after_the_horizon_is_there_and_did_nothing():
    """Or a short run would say that the scenario has no faults."""
    findings = run_worlds(loaded(CLINIC, horizon="6h"), None, seed=3)
    [fault] = json.loads(json.dumps(summary(findings)))["faults"]
    assert (fault["name"], fault["began"], fault["detected"]) == ("unit_change", False, None)
    assert {row["difference"] for row in fault["damage"]} == {0.0}


SHOP = """
scenario: shop
horizon: 30min
load:
  buyers: {rate: 20/s, enters: till}
system:
  till: {kind: server, workers: 9, replicas: 2, balancing: round_robin, service_time: 10ms}
  watch: {kind: orchestrator, probes_every: 10s, start_up: 40s}
flow:
  - till
faults:
  - {kind: crash, at: 605s, component: till, replica: 1}
monitoring: watch.yml
"""


@pytest.mark.parametrize("until", [None, "20min", "11min"])
def test_a_crash_is_over_when_the_replica_serves_again(tmp_path: Path, until: str | None):
    """Whatever the scenario says of its repair, if an orchestrator was quicker."""
    (tmp_path / "watch.yml").write_text("scrape_interval: 1s")
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP.replace("at: 605s", "at: 605s" + (f", until: {until}" if until else "")))
    run = mlsim.load(path).run(record="visits")
    own = run.visits[run.visits.replica == 1].start_s
    [fault] = run.summary["faults"]
    assert own[own < 605].max() > 604
    assert fault["until_s"] == pytest.approx(own[own > 605].min(), abs=1.0)
    assert fault["restarted"]
    assert fault["until_s"] == pytest.approx(650, abs=1.0)


def test_a_crash_that_nobody_restarts_lasts(tmp_path: Path):
    (tmp_path / "watch.yml").write_text("scrape_interval: 1s")
    alone = "".join(line for line in SHOP.splitlines(True) if "orchestrator" not in line)
    for until in (None, 900.0):
        path = tmp_path / f"shop_{until}.yaml"
        path.write_text(
            alone.replace("at: 605s", f"at: 605s, until: {until}s" if until else "at: 605s")
        )
        [fault] = mlsim.load(path).run().summary["faults"]
        assert (fault["until_s"], fault["restarted"]) == (until, False)
