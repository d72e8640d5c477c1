"""`mlsim report`: the pictures and the page of a run, made again from its folder."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.report import runs


def test_makes_the_same_report_again(mlsim, scenario: Path, tmp_path: Path):
    folder = Path(mlsim("run", scenario, "--horizon", "1h", "--quiet").stdout.strip())
    page = (folder / "report.html").read_bytes()
    (folder / "report.html").unlink()
    made = mlsim("report", folder)
    assert (made.returncode, made.stdout.strip()) == (0, f"{folder}/report.html")
    assert (folder / "report.html").read_bytes() == page


def test_the_folder_of_runs_names_its_latest(mlsim, scenario: Path):
    runs = Path(mlsim("run", scenario, "--horizon", "1h", "--quiet").stdout.strip()).parent
    for command in ("report", "explain"):
        refused = mlsim(command, runs)
        assert refused.returncode == 2
        assert f"did you mean '{runs}/latest'?" in refused.stderr


def test_a_folder_that_is_no_run_is_refused(mlsim, tmp_path: Path):
    refused = mlsim("report", tmp_path)
    assert refused.returncode == 2
    assert "not a complete run folder (summary.json" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def rewritten(folder: Path, change: Callable[[Any], None]) -> None:
    summary = json.loads((folder / "summary.json").read_text())
    change(summary)
    (folder / "summary.json").write_text(json.dumps(summary))


def test_a_run_without_faults_that_does_not_tell_when_rules_fired_first(mlsim, tmp_path: Path):
    """As older versions wrote it."""
    folder = runs.write(tmp_path / "run", ())
    rewritten(folder, lambda summary: [rule.pop("first_firing_s") for rule in summary["rules"]])
    made = mlsim("report", folder)
    assert (made.returncode, made.stdout.strip()) == (0, f"{folder}/report.html")
    assert "Three alerts fired: HighLatency (once)" in (folder / "report.html").read_text()


def test_what_another_version_did_not_keep_is_named(mlsim, tmp_path: Path):
    folder = runs.write(tmp_path / "run")
    rewritten(folder, lambda summary: [fault.pop("radius") for fault in summary["faults"]])
    refused = mlsim("report", folder)
    assert refused.returncode == 2
    assert f"{folder}: not a complete run folder" in refused.stderr
    assert "lacks 'radius': was it written by another version of mlsim?" in refused.stderr
