"""`mlsim sweep`."""

from pathlib import Path

import pandas as pd


def test_a_sweep_writes_tidy_runs(mlsim, desk: Path):
    ended = mlsim(
        *("sweep", desk, "--vary", "load.jobs.rate=0.3/s..0.6/s:3", "--replications", "2"),
        *("--measure", "outcome.jobs_done"),
    )
    assert ended.returncode == 0, ended.stderr
    assert "three points, two runs each" in ended.stdout
    (file,) = Path("reports/studies").glob("desk_sweep_*/runs.parquet")
    runs = pd.read_parquet(file)
    assert list(runs.columns) == ["load.jobs.rate", "seed", "measure", "value"]
    assert len(runs) == 6


def test_the_folder_of_a_run_is_judged_anew(mlsim, desk: Path):
    mlsim("run", desk, "--out", "here", "--quiet")
    vary = "monitoring.rules.Down.for=1m,5m"
    ended = mlsim("sweep", Path("here") / "latest", "--vary", vary, "--measure", "unnoticed")
    assert ended.returncode == 0, ended.stderr
    assert "two points, one run each" in ended.stdout


def test_an_empty_file_is_its_own_mistake_and_not_that_of_a_setting(mlsim, tmp_path: Path):
    (tmp_path / "empty.yaml").touch()
    ended = mlsim("sweep", "empty.yaml", "--vary", "horizon=1h,2h")
    assert ended.returncode == 2
    assert ended.stderr == "empty.yaml:1: must be a mapping of keys to values (got nothing)\n"


def test_an_unknown_path_is_told_with_the_nearest(mlsim, desk: Path):
    ended = mlsim("sweep", desk, "--vary", "load.jbs.rate=1/s,2/s")
    assert ended.returncode == 2
    told = "--vary load.jbs.rate: load has no 'jbs' (did you mean 'jobs'?)"
    assert ended.stderr.splitlines() == [told], "once, and not once for each value"
    ended = mlsim("sweep", desk, "--vary", "horizon=1h", "--method", "sobl")
    assert "method: must be one of grid, random, sobol" in ended.stderr
    assert not Path("reports").exists()
