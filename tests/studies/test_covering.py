"""Coverage: who notices what, against runs that are looked at one by one."""

import math
from pathlib import Path
from xml.etree import ElementTree as Tree

import numpy as np
import pytest

import mlsim
from mlsim.report.junit import junit_xml
from mlsim.studies.requirements import RequirementError, checked

MORE = """
  - {kind: latency, at: 80min, until: 90min, component: desk, factor: 1.0001}
monitoring"""


@pytest.fixture
def found(desk: Path):
    desk.write_text(desk.read_text().replace("\nmonitoring", MORE))
    return mlsim.coverage(desk, replications=4)


def test_rows_are_those_of_the_runs(desk: Path, found):
    rows = found.table.set_index(["fault", "watcher"])
    runs = [mlsim.load(desk).run(seed=seed).detection for seed in range(11, 15)]
    for fault, rule in (("crash", "Down"), ("crash", "Busy"), ("latency", "Down")):
        own = [run.set_index(["fault", "rule"]).loc[(fault, rule)] for run in runs]
        row = rows.loc[fault, rule]
        assert row["detected"] == np.mean([one["detected"] for one in own])
        times = sorted(t for one in own if not math.isnan(t := one["time_to_detect_s"]))
        if len(times) >= 2:
            assert row["median_s"] == times[1]
        alarms = sum(one["false_alarms"] for one in own)
        assert row["false_alarms_per_week"] == pytest.approx(alarms / 4 * 7 * 12)


def test_what_nothing_covers_is_named(found):
    assert found.faults == ["crash", "latency"]
    assert found.uncovered == ["latency"]


def test_requirements_are_asked_of_each_fault(found):
    assert [(u.fault, u.found) for u in found.unmet_by("detected >= 0.9")] == [
        ("latency", "detected = 0")
    ]
    assert [u.fault for u in found.unmet_by("median < 1h and detected_low > 0.3")] == ["latency"]
    assert found.unmet_by("false_alarms_per_week >= 0") == []


@pytest.mark.parametrize(
    ("requirement", "message"),
    [
        ("detectd >= 0.9", r"unknown name 'detectd'.*did you mean 'detected'"),
        ("detected >=", "must be an expression, and ends too early"),
        ("median < 2 hours", "must be an expression"),
    ],
)
def test_a_requirement_that_cannot_be_understood_is_told(requirement: str, message: str):
    with pytest.raises(RequirementError, match=message):
        checked([requirement])


def test_junit_has_a_case_for_each_fault(found):
    suite = Tree.fromstring(junit_xml(found, "desk"))
    assert {case.get("name"): len(case.findall("failure")) for case in suite} == {
        "crash": 0,
        "latency": 1,
    }
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")


def test_a_check_notices_what_an_alert_about_it_notices(tmp_path: Path):
    from tests.worlds import written

    path = written(tmp_path)
    rows = mlsim.coverage(path, replications=2).table.set_index("watcher")
    columns = ["detected", "median_s"]
    assert (rows.loc["temperature_in_range", columns] == rows.loc["OutOfRange", columns]).all()
    assert rows.loc["temperature_in_range", "detected"] == 1
    assert rows.loc["risk_score_drift", "detected"] == 0
