"""`mlsim coverage`: for people, for other programs, and for continuous integration."""

import json
from pathlib import Path
from xml.etree import ElementTree as Tree


def test_who_notices_what_and_what_is_required(mlsim, desk: Path):
    ended = mlsim("coverage", desk, "--replications", "3", "--require", "detected >= 0.2")
    assert ended.returncode == 0, ended.stderr
    assert "Who notices what in desk" in ended.stdout
    assert "Down" in ended.stdout


def test_an_unmet_requirement_is_exit_status_1_and_a_failed_test(mlsim, desk: Path):
    ended = mlsim(
        *("coverage", desk, "--monitoring", desk.parent / "slow.yml", "--replications", "2"),
        *("--require", "detected >= 0.9", "--junit", "junit.xml"),
    )
    assert ended.returncode == 1
    assert "Nothing noticed crash." in ended.stdout
    assert "Unmet: crash: detected >= 0.9: detected = 0" in ended.stdout
    (case,) = Tree.parse("junit.xml").getroot()
    assert case.find("failure").get("message") == "detected >= 0.9: detected = 0"


def test_json_is_the_table(mlsim, desk: Path):
    rows = json.loads(mlsim("coverage", desk, "--replications", "2", "--json").stdout)
    assert {row["watcher"] for row in rows} == {"anybody", "Down", "Busy"}


def test_a_requirement_is_read_before_anything_runs(mlsim, desk: Path):
    ended = mlsim("coverage", desk, "--require", "detcted > 0")
    assert ended.returncode == 2
    assert "did you mean 'detected'?" in ended.stderr
    assert not Path("reports").exists()
