"""The monitoring file, and the two that come with the project."""

import pickle
import shutil
import subprocess
from pathlib import Path

import pytest

from mlsim.errors import ScenarioError
from mlsim.monitoring.spec import load_monitoring
from tests.monitoring.promtool import needs_promtool

FILES = Path(__file__).parents[2] / "scenarios" / "monitoring"

RULES = """
groups:
  - name: data
    rules:
      - alert: OutOfRange
        expr: data_check{check="temperature"} > 0
"""


@pytest.fixture
def write(tmp_path):
    def to(monitoring, rules=RULES):
        (tmp_path / "a.rules.yml").write_text(rules)
        path = tmp_path / "a.yml"
        path.write_text(monitoring)
        return path

    return to


def test_the_files_of_the_project_can_be_read_and_travel_between_processes():
    ops = load_monitoring(FILES / "ops_only.yml")
    data = load_monitoring(FILES / "with_data_checks.yml")
    assert not ops.checks
    assert (data.scrape_interval, data.evaluation_interval) == (30, 60)
    assert {rule.name for rule in ops.rules} < {rule.name for rule in data.rules}
    assert pickle.loads(pickle.dumps(data)) == data


@needs_promtool
@pytest.mark.parametrize("rules", sorted(FILES.glob("rules/*.yml")), ids=lambda path: path.name)
def test_prometheus_accepts_the_rule_files_of_the_project(rules):
    command = [shutil.which("promtool"), "check", "rules", rules]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_intervals_have_defaults(write):
    monitoring = load_monitoring(write("evaluation_interval: 2min\n"))
    assert (monitoring.scrape_interval, monitoring.evaluation_interval) == (30, 120)
    assert monitoring.rules == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scrape_intervall: 30s", r"a.yml:1: .*unknown key \(did you mean 'scrape_interval'\?\)"),
        ("scrape_interval: 0s", "a.yml:1: .*must be more than 0"),
        ("checks: {a: {kind: rnage}}", r"a.yml:1: .*'rnage'.*\(did you mean 'range'\?\)"),
        ("rule_files: [../secret.yml]", "a.yml:1: .*must stay inside the folder"),
        ("rule_files: [/etc/passwd]", "a.yml:1: .*must stay inside the folder"),
        ("rule_files: [b.rules.yml]", "b.rules.yml: no such file"),
    ],
)
def test_mistakes_are_told_with_their_place(write, text, message):
    with pytest.raises(ScenarioError, match=message):
        load_monitoring(write(text + "\n"))


def test_a_rule_about_a_check_that_does_not_exist_is_refused(write):
    text = """
rule_files: [a.rules.yml]
checks:
  temperatures: {kind: range, column: temperature, min: 34, max: 43}
"""
    with pytest.raises(ScenarioError, match=r"a.rules.yml:6: .*\(did you mean 'temperatures'\?\)"):
        load_monitoring(write(text))


def test_a_link_that_leads_out_of_the_folder_is_refused(write, tmp_path):
    folder = tmp_path / "inside"
    folder.mkdir()
    (folder / "link.yml").symlink_to(write("").parent / "a.rules.yml")
    (folder / "m.yml").write_text("rule_files: [link.yml]\n")
    with pytest.raises(ScenarioError, match="must stay inside the folder"):
        load_monitoring(folder / "m.yml")
