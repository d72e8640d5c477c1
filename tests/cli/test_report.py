"""`mlsim report`: the pictures and the page of a run, made again from its folder."""

from pathlib import Path


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
