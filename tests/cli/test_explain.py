"""`mlsim explain`: the path of each fault, told from what the run's folder holds."""

from pathlib import Path


def test_tells_the_path_of_a_fault_from_its_folder(mlsim, scenario: Path):
    folder = Path(mlsim("run", scenario, "--quiet").stdout.strip())
    told = mlsim("explain", folder)
    assert told.returncode == 0
    assert "The fault begins: " in told.stdout or "Nothing was broken" in told.stdout


def test_a_folder_that_is_no_run_is_refused(mlsim, tmp_path: Path):
    refused = mlsim("explain", tmp_path)
    assert refused.returncode == 2
    assert "not a complete run folder" in refused.stderr
    assert mlsim("explain", "nowhere").stderr == "nowhere: no such folder\n"
    assert mlsim("explain", __file__).stderr == f"{__file__}: is a file, and no folder\n"
