"""The worlds of a run side by side: what is due to a fault, and what is not."""

from pathlib import Path

import pytest

from mlsim import api
from mlsim.errors import ScenarioError
from tests.worlds import CLINIC, COUNTER, HOUR, RULES, WATCHED, written


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("clinic"))


@pytest.fixture(scope="module")
def run(path: Path) -> api.Run:
    return api.load(path).run()


def damage(run: api.Run, outcome: str) -> dict[str, float]:
    [fault] = run.summary["faults"]
    return next(row for row in fault["damage"] if row["outcome"] == outcome)


def test_healthy_people_with_the_update_are_isolated_for_nothing(run: api.Run):
    """98 'Celsius' is a fever to a model that learned from Celsius."""
    isolated = damage(run, "isolated_for_nothing")
    assert isolated["run"] > 5 * isolated["twin"]
    assert isolated["cost"] == pytest.approx(isolated["difference"] * 250)


def test_the_range_check_notices_and_nothing_else_does(run: api.Run):
    table = run.detection.set_index("rule")
    assert table["detected"].to_dict() == {"OutOfRange": True, "NobodyAnswers": False}
    assert 0 < table.loc["OutOfRange", "time_to_detect_s"] < 6 * HOUR
    assert table["false_alarms"].tolist() == [0, 0]
    assert run.twin.alerts.empty


def test_who_only_looks_whether_it_is_up_notices_nothing(run: api.Run, path: Path):
    """The same damage, and no alert before or after which it could fall."""
    (path.parent / "ops.yml").write_text("rule_files: [ops.rules.yml]\n")
    rules = RULES.split("      - alert: NobodyAnswers")
    head = rules[0].split("      - alert:")[0]
    (path.parent / "ops.rules.yml").write_text(f"{head}      - alert: NobodyAnswers{rules[1]}")
    blind = api.load(path, monitoring=path.parent / "ops.yml").run()
    assert not blind.detection["detected"].any()
    [fault] = blind.summary["faults"]
    assert fault["detected"] is None
    assert fault["cost"]["before_alert"] == fault["cost"]["total"]
    assert fault["cost"]["after_alert"] == 0
    assert blind.summary["outcomes"] == run.summary["outcomes"]


def test_damage_before_and_after_the_alert_adds_up(run: api.Run):
    [fault] = run.summary["faults"]
    cost = fault["cost"]
    assert cost["before_alert"] + cost["after_alert"] == pytest.approx(cost["total"])
    assert 0 < cost["before_alert"] < cost["total"]
    for row in fault["damage"]:
        parts = row["cost_before_alert"] + row["cost_after_alert"]
        assert parts == pytest.approx(row["cost"])
    by_day = run.outcomes[run.outcomes["world"] == "all"].groupby("outcome")["cost"].sum()
    for row in fault["damage"]:
        assert by_day[row["outcome"]] == pytest.approx(row["cost"])


def test_there_is_no_damage_before_the_onset(run: api.Run, path: Path):
    late = api.load(path, {"faults[0].at": "30h"}).run()
    days = late.outcomes[late.outcomes["world"] == "all"].set_index(["outcome", "day"])
    assert (days.xs(0, level="day")["difference"] == 0).all()
    assert (days.xs(1, level="day")["difference"] != 0).any()


def test_one_fault_alone_is_all_of_them(run: api.Run):
    assert run.alone["unit_change"].alerts.equals(run.alerts)
    assert set(run.findings.records) == {"all", "twin"}


def test_two_faults_have_two_worlds_of_their_own(path: Path, tmp_path: Path):
    second = """  - {kind: unit_change, name: kelvin, at: 40h, component: phone,
      column: temperature, unit: kelvin}
"""
    run = api.load(written(tmp_path, CLINIC + second)).run()
    assert set(run.findings.records) == {"all", "twin", "unit_change", "kelvin"}
    assert set(run.alone) == {"unit_change", "kelvin"}
    isolated = run.outcomes.query("outcome == 'isolated_for_nothing'").groupby("world")
    by_world = isolated["difference"].sum()
    assert by_world["twin"] == 0
    assert by_world["all"] == by_world["unit_change"] + by_world["kelvin"], "one after the other"
    assert set(run.detection["fault"]) == {"unit_change", "kelvin"}


def test_without_a_fault_the_run_is_its_twin(path: Path, tmp_path: Path):
    text = CLINIC[: CLINIC.index("faults:")]
    run = api.load(written(tmp_path, text)).run()
    assert run.summary["faults"] == []
    for outcome in run.summary["outcomes"]:
        assert outcome["difference"] == 0
        assert outcome["run"] == outcome["twin"]
    assert run.detection.empty


def test_a_fault_after_the_horizon_never_begins(path: Path, run: api.Run):
    short = api.load(path, {"horizon": "12h"}).run()
    assert [fault["began"] for fault in short.summary["faults"]] == [False]
    assert short.alone == {}
    assert all(outcome["difference"] == 0 for outcome in short.summary["outcomes"])


def test_without_a_twin_nothing_is_said_about_what_is_due(path: Path):
    run = api.load(path, {"horizon": "1d"}).run(twin=False)
    [fault] = run.summary["faults"]
    assert fault["detected"] is None
    assert fault["cost"]["total"] is None
    assert all(row["difference"] is None for row in run.summary["outcomes"])


def test_other_settings_make_another_scenario_and_leave_the_first(path: Path):
    first = api.load(path)
    second = first.with_({"load.check_ups.rate": "0.1/s", "horizon": "12h"})
    assert (first.horizon, second.horizon) == (48 * HOUR, 12 * HOUR)
    assert second.monitoring == first.monitoring
    assert first.spec.hash != second.spec.hash


def test_another_monitoring_file_by_a_setting_is_the_one_that_watches(path: Path):
    (path.parent / "rare.yml").write_text(
        WATCHED.replace("scrape_interval: 5m", "scrape_interval: 1h")
    )
    assert api.load(path).with_({"monitoring": "rare.yml"}).monitoring.scrape_interval == HOUR


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "column: temperature,",
            "column: temprature,",
            r"yml:6: checks.temperature_in_range.column: no 'temprature' reaches telemetry.*"
            "did you mean 'temperature'",
        ),
        (
            "kind: range,",
            "kind: range, source: telemtry,",
            r"checks.temperature_in_range.source: no collector 'telemtry'.*'telemetry'",
        ),
        ("column: risk_model.score", "column: infected", "no 'infected' reaches telemetry"),
        (
            "kind: drift, column: risk_model.score,",
            "kind: quality, model: risk_modell,",
            "risk_score_drift.model: no model 'risk_modell'.*did you mean 'risk_model'",
        ),
    ],
)
def test_a_check_that_cannot_see_what_it_wants_to_see_is_refused(
    old: str, new: str, message: str, tmp_path: Path
):
    watched = WATCHED.replace(old, new)
    if "quality" in new:
        watched = watched.replace(" reference: [0h, 6h],", "")
    with pytest.raises(ScenarioError, match=message):
        api.load(written(tmp_path, CLINIC, watched))


def test_checks_need_a_collector(tmp_path: Path):
    with pytest.raises(ScenarioError, match=r"checks.temperature_in_range: .*no collector"):
        api.load(written(tmp_path, COUNTER))


def test_with_two_collectors_a_check_must_say_which(tmp_path: Path):
    text = CLINIC.replace("system:", "system:\n  archive: {kind: collector}")
    text = text.replace("outcomes:", "  - features ~> archive\noutcomes:")
    with pytest.raises(ScenarioError, match="needs a source: one of archive, telemetry"):
        api.load(written(tmp_path, text))
