"""What the page on the language shows is what happens."""

import re
from pathlib import Path

import pytest

from mlsim.errors import ScenarioError
from mlsim.monitoring.loading import load_watched

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+) (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The files of the page; what stands in several blocks of one name is one file."""
    monkeypatch.chdir(tmp_path)
    found: dict[str, str] = {}
    for language, name, text in BLOCK.findall(PAGE):
        if language in ("yaml", "csv"):
            found[name] = found.get(name, "") + text
    for name, text in found.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return found


def test_every_block_of_yaml_belongs_to_a_file(files):
    assert PAGE.count("```yaml") == len([b for b in BLOCK.findall(PAGE) if b[0] == "yaml"])
    assert set(files) == {
        "counter.yaml",
        "clinic.yaml",
        "answers.yaml",
        "flood.yaml",
        "replay.yaml",
        "orders.csv",
        "sessions.yaml",
        "versions.yaml",
        "cached.yaml",
        "monitoring/watch.yml",
        "monitoring/rules/clinic.rules.yml",
        "mistakes.yaml",
    }


@pytest.mark.parametrize(
    "name",
    [
        *("counter.yaml", "clinic.yaml", "answers.yaml", "flood.yaml"),
        *("replay.yaml", "versions.yaml", "cached.yaml"),
    ],
)
def test_its_scenarios_are_valid(files, name):
    scenario, _ = load_watched(name)
    assert f"{scenario.scenario}.yaml" == name


def test_its_monitoring_watches_its_scenario(files):
    _, monitoring = load_watched("clinic.yaml")
    assert monitoring is not None
    assert [rule.name for rule in monitoring.rules] == ["TemperatureOutOfRange"]


def test_its_mistakes_are_told_as_it_says(files):
    [(_, name, told)] = [block for block in BLOCK.findall(PAGE) if block[0] == "text"]
    with pytest.raises(ScenarioError) as caught:
        load_watched(name)
    assert f"{caught.value}\n" == told


def test_its_mistake_in_a_setting_is_told_as_it_says(files):
    [told] = re.findall(r"`(--set [^`]*unknown key[^`]*)`", PAGE)
    path, value = told.removeprefix("--set ").partition(":")[0].split("=")
    with pytest.raises(ScenarioError) as caught:
        load_watched("counter.yaml", {path: value})
    assert str(caught.value) == told
