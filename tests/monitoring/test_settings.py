"""Other values for a monitoring file and its rules, by path."""

from pathlib import Path

import pytest

import mlsim
from mlsim.errors import ScenarioError
from mlsim.scenario.document import read
from tests.worlds import written

RULE = """
groups:
  - name: g
    rules:
      - alert: Slow
        expr: |
          rate(a{le="[9m]", name!="b > 3"}[5m]) / on (x) rate(b[5m] offset 2m) >= bool 0.25
            and c < 7
        for: 5m
"""


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    path = written(tmp_path)
    (tmp_path / "data.yml").write_text(RULE + (tmp_path / "data.yml").read_text().split(":", 1)[1])
    return path


def rule_of(clinic: Path, **settings: object) -> tuple[str, float]:
    paths = {f"monitoring.rules.Slow.{key}": value for key, value in settings.items()}
    monitoring = mlsim.load(clinic, paths).monitoring
    assert monitoring is not None
    rule = next(rule for rule in monitoring.rules if rule.name == "Slow")
    return " ".join(rule.expr.split()), rule.hold


def test_threshold_is_the_number_after_the_first_comparison(clinic: Path):
    expression, _ = rule_of(clinic, threshold=0.5)
    assert expression == (
        'rate(a{le="[9m]", name!="b > 3"}[5m]) / on (x) rate(b[5m] offset 2m) >= bool 0.5 and c < 7'
    )


def test_window_is_the_length_of_every_range(clinic: Path):
    expression, _ = rule_of(clinic, window="1h")
    assert expression == (
        'rate(a{le="[9m]", name!="b > 3"}[1h]) / on (x) rate(b[1h] offset 2m) >= bool 0.25'
        " and c < 7"
    )


def test_several_settings_of_a_rule_go_together(clinic: Path):
    expression, hold = rule_of(clinic, window="1h", threshold=-2, **{"for": "30m"})
    assert "[1h]" in expression
    assert ">= bool -2 and" in expression
    assert hold == 1800


def test_checks_and_intervals_are_set_in_the_monitoring_file(clinic: Path):
    settings = {
        "monitoring.checks.temperature_in_range.max": 41,
        "monitoring.evaluation_interval": "1m",
    }
    monitoring = mlsim.load(clinic, settings).monitoring
    assert monitoring is not None
    assert monitoring.checks["temperature_in_range"].max == 41
    assert monitoring.evaluation_interval == 60


def test_what_was_set_is_written_into_a_runs_folder(clinic: Path, tmp_path: Path):
    monitoring = mlsim.load(clinic, {"monitoring.rules.Slow.for": "9m"}).monitoring
    assert monitoring is not None
    (tmp_path / "again.yml").write_text(monitoring.texts["data.yml"])
    rules = read(tmp_path / "again.yml").data["groups"][0]["rules"]
    assert rules[0]["for"] == "9m"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("rules.Slwo.for", "5m", "no rule is called 'Slwo' (did you mean 'Slow'?)"),
        ("rules.Slow.fro", "5m", "unknown key (did you mean 'for'?)"),
        ("rules.Slow.for", "5 m", "must be a duration as Prometheus writes it"),
        ("rules.Slow.threshold", "high", "must be a number (got 'high')"),
        ("rules.NobodyAnswers.window", "5m", "the rule's expression has no range such as [5m]"),
        ("checks.temperature_in_rnge.max", 4, "checks has no 'temperature_in_rnge'"),
        ("checks.temperature_in_range.mx", 4, "unknown key (did you mean 'max'?)"),
    ],
)
def test_a_mistake_is_told_as_it_was_given(clinic: Path, path: str, value: object, message: str):
    with pytest.raises(ScenarioError) as caught:
        mlsim.load(clinic, {f"monitoring.{path}": value})
    assert f"--set monitoring.{path}={value}: " in str(caught.value)
    assert message in str(caught.value)


def test_without_a_monitoring_file_there_is_nothing_to_set(tmp_path: Path):
    path = written(tmp_path)
    path.write_text(path.read_text().replace("monitoring: watched.yml", ""))
    with pytest.raises(ScenarioError, match="there is no monitoring file to set it in"):
        mlsim.load(path, {"monitoring.rules.Slow.for": "5m"})


def test_settings_add_up_in_python(clinic: Path):
    scenario = mlsim.load(clinic).with_({"monitoring.rules.Slow.for": "9m"})
    scenario = scenario.with_({"horizon": "1d"}).with_({"monitoring.rules.Slow.threshold": 3})
    assert scenario.monitoring is not None
    rule = next(rule for rule in scenario.monitoring.rules if rule.name == "Slow")
    assert (scenario.spec.horizon, rule.hold) == (86400, 540)
    assert "bool 3" in rule.expr
