"""`mlsim study`: from a file, interrupted and resumed, and listed."""

import os
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlsim.report import studying
from mlsim.studies.prepared import Prepared

STUDY = """
study: closed_desk
kind: compare
scenario: desk.yaml
variants:
  as it is:
  busy: {load.jobs.rate: 0.6/s}
  looks away: slow.yml
replications: 6
"""


@pytest.fixture
def file(desk: Path, tmp_path: Path) -> Path:
    path = tmp_path / "study.yaml"
    path.write_text(STUDY)
    return path


def table(folder: Path) -> bytes:
    return (folder / "reports" / "studies" / "closed_desk" / "table.csv").read_bytes()


def kept(folder: Path) -> int:
    store = folder / "reports" / "studies" / "replications.sqlite"
    if not store.exists():
        return 0
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM replications").fetchone()[0])
    except sqlite3.OperationalError:  # not made yet
        return 0
    finally:
        connection.close()


def test_a_study_stands_in_a_file(mlsim, file: Path, tmp_path: Path):
    ended = mlsim("study", file)
    assert ended.returncode == 0, ended.stderr
    assert "busy against as it is  6 paired runs" in ended.stdout
    assert "looks away against as it is" in ended.stdout
    assert kept(tmp_path) == 18
    assert "closed_desk" in mlsim("study", "ls").stdout


def test_kill_9_in_the_middle_loses_nothing_and_runs_nothing_twice(
    mlsim, file: Path, tmp_path: Path
):
    elsewhere = tmp_path / "elsewhere"
    mlsim("study", file, "--out", elsewhere / "reports" / "studies")
    whole = table(elsewhere)
    command = [sys.executable, "-m", "mlsim", "study", str(file), "--quiet"]
    with subprocess.Popen(command, cwd=tmp_path, env=os.environ) as process:
        while kept(tmp_path) < 4:
            assert process.poll() is None, "it was over before it could be killed"
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    before = kept(tmp_path)
    assert before < 18
    listed = mlsim("study", "ls").stdout
    assert "unfinished" in listed
    written = dict(rows(tmp_path))
    ended = mlsim("study", "--resume")
    assert ended.returncode == 0, ended.stderr
    assert table(tmp_path) == whole
    # What had been finished is what it was, by the number under which SQLite has it: not redone.
    assert written.items() <= dict(rows(tmp_path)).items()
    assert kept(tmp_path) == 18


def rows(folder: Path) -> list[tuple[str, int]]:
    store = folder / "reports" / "studies" / "replications.sqlite"
    connection = sqlite3.connect(store)
    found = connection.execute("SELECT key, rowid FROM replications").fetchall()
    connection.close()
    return found


def test_a_changed_file_runs_only_what_it_changes(mlsim, file: Path, tmp_path: Path):
    mlsim("study", file)
    before = dict(rows(tmp_path))
    file.write_text(STUDY.replace("0.6/s", "0.7/s"))
    mlsim("study", file)
    after = dict(rows(tmp_path))
    assert before.items() <= after.items()
    assert len(after) == len(before) + 6


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("compare", "compre", "kind: must be"),
        ("replications: 6", "replicatons: 12", "unknown key (did you mean 'replications'?)"),
        (
            "load.jobs.rate",
            "load.job.rate",
            "study.yaml:7: variants.busy.load.job.rate: load has no 'job' (did you mean 'jobs'?)",
        ),
        (
            "busy: {load.jobs.rate: 0.6/s}",
            "busy load.jobs.rate=0.6/s",
            "study.yaml:7: needs a colon",
        ),
        ("{load.jobs.rate: 0.6/s}", "load.jobs.rate 0.6/s", "study.yaml:7: variants.busy: must be"),
        (
            "{load.jobs.rate: 0.6/s}",
            "3",
            "study.yaml:7: variants.busy: must be a file, or settings",
        ),
        ("replications: 6", "set: {horzon: 1d}", "study.yaml:9: set.horzon: unknown key"),
        ("slow.yml", "slwo.yml", "study.yaml:8: variants.looks away: must be a file"),
        (
            "desk.yaml",
            "dusk.yaml",
            "study.yaml:4: scenario: no such file: dusk.yaml (did you mean 'desk.yaml'?)",
        ),
        ("replications: 6", "vary: {horizon: [1h]}", "vary: is for `kind: sweep` alone"),
        (
            "replications: 6",
            "require: [detectd > 0.5]",
            "study.yaml:9: require[0]: unknown name 'detectd'; there are detected, detected_low",
        ),
    ],
)
def test_mistakes_are_told_before_anything_is_written(
    mlsim, file: Path, old: str, new: str, message: str
):
    file.write_text(STUDY.replace(old, new))
    ended = mlsim("study", file)
    assert ended.returncode == 2
    assert message in ended.stderr
    assert not Path("reports").exists()


def test_nothing_to_resume(mlsim, file: Path):
    ended = mlsim("study", "--resume")
    assert (ended.returncode, "no study there is unfinished" in ended.stderr) == (2, True)
    assert "No study was begun" in mlsim("study", "ls").stdout


def test_a_place_that_cannot_be_written_is_found_before_the_first_run(mlsim, file: Path):
    Path("taken").write_text("")
    ended = mlsim("study", file, "--out", Path("taken") / "studies")
    assert ended.returncode == 2
    assert "can't keep replications there" in ended.stderr


def test_who_interrupts_a_study_is_told_how_to_go_on(mlsim, file: Path, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Prepared, "carry_out", interrupted)
        ended = mlsim("study", file, "--out", "else where")
    assert ended.returncode == 130
    command = "mlsim study --resume closed_desk --out 'else where'"
    assert ended.stderr.strip().endswith(f"to go on: {command}")
    again = mlsim(*shlex.split(command)[1:])
    assert again.returncode == 0
    assert "6 paired runs" in again.stdout


def test_a_study_that_no_file_can_ask_for_goes_on_with_its_own_command(mlsim, desk, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    asked = ("factorial", desk, "--factor", "load.jobs.rate=0.3/s,0.6/s", "--replications", "2")
    with monkeypatch.context() as patched:
        patched.setattr(studying, "write", interrupted)
        ended = mlsim(*asked)
    command = shlex.join(["mlsim", *map(str, asked)])
    assert (ended.returncode, ended.stderr) == (130, f"interrupted; to go on: {command}\n")
    listed = mlsim("study", "ls").stdout
    assert re.search(
        r"^desk_factorial_\w+ +factorial +desk.yaml .* unfinished: 4 of 4$", listed, re.M
    )
    assert listed.splitlines()[-1] == f"To go on: {command}"
    resumed = mlsim("study", "--resume")
    assert (resumed.returncode, command in resumed.stderr) == (2, True)
    assert mlsim(*shlex.split(command)[1:]).returncode == 0
    assert "To go on" not in mlsim("study", "ls").stdout


def test_what_is_refused_before_the_first_run_is_not_listed(mlsim, desk: Path):
    assert mlsim("gains", desk, "--model", "desk").returncode == 2
    assert "No study was begun" in mlsim("study", "ls").stdout
