import json
from pathlib import Path

SHORT = ("--horizon", "1h")


def test_writes_a_folder_under_reports_and_names_it(mlsim, scenario: Path, tmp_path: Path):
    ran = mlsim("run", scenario, *SHORT)
    assert ran.returncode == 0, ran.stderr
    [folder] = (tmp_path / "reports" / "counter").glob("20*")
    assert folder.name in ran.stdout
    assert {"run.json", "summary.json", "report.html"} <= {path.name for path in folder.iterdir()}
    assert (tmp_path / "reports/counter/latest").resolve() == folder


def test_json_prints_the_summary_and_nothing_else(mlsim, scenario: Path, tmp_path: Path):
    ran = mlsim("run", scenario, *SHORT, "--json", "--out", "here")
    assert ran.returncode == 0, ran.stderr
    [written] = (tmp_path / "here").glob("20*/summary.json")
    assert json.loads(ran.stdout) == json.loads(written.read_text())


def test_quiet_prints_the_folder_and_nothing_else(mlsim, scenario: Path, tmp_path: Path):
    ran = mlsim("run", scenario, *SHORT, "--quiet")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert (tmp_path / ran.stdout.strip() / "run.json").is_file()


def test_shorthands_say_the_same_as_set(mlsim, scenario: Path):
    short = mlsim("run", scenario, "--seed", "5", *SHORT, "--json")
    long = mlsim("run", scenario, "--set", "seed=5", "--set", "horizon=1h", "--json")
    assert short.returncode == 0, short.stderr
    assert json.loads(short.stdout)["scenario"]["seed"] == 5
    assert short.stdout == long.stdout


def test_a_seed_that_is_no_number_is_told_as_the_setting_that_it_is(mlsim, scenario: Path):
    refused = mlsim("run", scenario, "--seed", "five")
    assert refused.returncode == 2
    assert refused.stderr == "--set seed=five: must be a whole number (got 'five')\n"


def test_a_mistake_leaves_no_folder(mlsim, scenario: Path, tmp_path: Path):
    refused = mlsim("run", scenario, "--set", "system.desk.workers=none")
    assert refused.returncode == 2
    assert "system.desk.workers" in refused.stderr
    assert not (tmp_path / "reports").exists()


def test_a_run_that_needs_too_much_memory_is_refused(mlsim, scenario: Path, tmp_path: Path):
    refused = mlsim("run", scenario, *SHORT, "--max-memory", "100MB")
    assert refused.returncode == 2
    assert "would need about" in refused.stderr
    assert not (tmp_path / "reports").exists()
    assert mlsim("run", scenario, *SHORT, "--max-memory", "2GiB").returncode == 0
    unreadable = mlsim("run", scenario, "--max-memory", "much")
    assert (unreadable.returncode, "4GiB or 500MB" in unreadable.stderr) == (2, True)
