"""`mlsim judge`: another monitoring file on a run that is over."""

import json
from pathlib import Path

import pytest

from mlsim import api
from tests.worlds import RULES, WATCHED, written


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a scenario that is watched by watched.yml."""
    return written(tmp_path_factory.mktemp("clinic")).parent


@pytest.fixture(scope="module")
def ran(clinic: Path) -> Path:
    """A run for 15 hours, of which the last three have the fault."""
    scenario = api.load(clinic / "scenario.yaml", {"horizon": "15h"})
    return scenario.run().write(clinic / "reports")


@pytest.fixture
def deaf(tmp_path: Path) -> Path:
    """A monitoring file whose only rule never fires."""
    (tmp_path / "data.yml").write_text(RULES.replace("> 0.05", "> 2"))
    (tmp_path / "deaf.yml").write_text(WATCHED)
    return tmp_path / "deaf.yml"


@pytest.fixture
def new_check(clinic: Path) -> Path:
    """A monitoring file with a check that the run hasn't done."""
    file = clinic / "new.yml"
    file.write_text(WATCHED.replace("max: 43", "max: 41"))
    return file


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_file_gives_the_summary_of_the_run(mlsim, ran: Path, clinic: Path):
    judged = mlsim("judge", ran, "--monitoring", clinic / "watched.yml", "--json")
    assert judged.returncode == 0, judged.stderr
    assert json.loads(judged.stdout) == json.loads((ran / "summary.json").read_text())


def test_another_file_is_answered_on_one_screen_and_nothing_is_written(
    mlsim, ran: Path, deaf: Path
):
    before = contents(ran.parent)
    judged = mlsim("judge", ran, "--monitoring", deaf)
    assert judged.returncode == 0, judged.stderr
    assert "Who noticed" in judged.stdout
    assert "OutOfRange (page) noticed" not in judged.stdout
    assert "Written to" not in judged.stdout
    assert contents(ran.parent) == before


def test_out_writes_the_run_as_it_was_judged(mlsim, ran: Path, deaf: Path, tmp_path: Path):
    judged = mlsim("judge", ran, "--monitoring", deaf, "--out", tmp_path / "again", "--json")
    [summary] = (tmp_path / "again").glob("20*/summary.json")
    assert json.loads(summary.read_text()) == json.loads(judged.stdout)
    requests = summary.with_name("requests.parquet").read_bytes()
    assert requests == (ran / "requests.parquet").read_bytes()


def test_a_new_check_says_how_to_record_rows(mlsim, ran: Path, new_check: Path):
    refused = mlsim("judge", ran, "--monitoring", new_check)
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert "'temperature_in_range'" in refused.stderr
    assert "--record rows" in refused.stderr


def test_recorded_rows_serve_new_checks(mlsim, clinic: Path, new_check: Path):
    scenario = clinic / "scenario.yaml"
    ran = mlsim("run", scenario, "--horizon", "15h", "--record", "rows", "--quiet")
    judged = mlsim("judge", ran.stdout.strip(), "--monitoring", new_check, "--json")
    assert judged.returncode == 0, judged.stderr
    assert json.loads(judged.stdout)["monitoring"]["file"] == "new.yml"


def test_a_mistake_in_the_file_has_its_line(mlsim, ran: Path, tmp_path: Path):
    file = tmp_path / "wrong.yml"
    file.write_text("scrape_intervall: 30s\n")
    refused = mlsim("judge", ran, "--monitoring", file)
    assert refused.returncode == 2
    assert "wrong.yml:1: scrape_intervall" in refused.stderr


def test_a_folder_that_is_no_run_is_refused(mlsim, tmp_path: Path):
    refused = mlsim("judge", tmp_path, "--monitoring", tmp_path / "none.yml")
    assert refused.returncode == 2
    assert "not a complete run folder (run.json" in refused.stderr


def test_unknown_record_is_refused_before_it_runs(mlsim, clinic: Path, tmp_path: Path):
    refused = mlsim("run", clinic / "scenario.yaml", "--record", "row", "--out", tmp_path / "here")
    assert refused.returncode == 2
    assert "did you mean 'rows'" in refused.stderr
    assert not (tmp_path / "here").exists()


def test_several_files_judge_a_run_one_after_the_other(mlsim, ran: Path, clinic: Path, deaf: Path):
    files = ("--monitoring", clinic / "watched.yml", "--monitoring", deaf)
    watched, unheard = json.loads(mlsim("judge", ran, *files, "--json").stdout)
    assert [s["monitoring"]["file"] for s in (watched, unheard)] == ["watched.yml", "deaf.yml"]
    assert watched["monitoring"]["pages"] > unheard["monitoring"]["pages"]
