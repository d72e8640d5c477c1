"""`mlsim explain`: the path of each fault, told from what the run's folder holds."""

from pathlib import Path

import pytest


@pytest.mark.parametrize("start", ["", "start: 2026-03-01T08:00:30Z\n"])
def test_tells_the_path_of_a_fault_from_its_folder(mlsim, desk: Path, start: str):
    """In two columns, however long a moment is."""
    desk.write_text(desk.read_text() + start)
    folder = Path(mlsim("run", desk, "--quiet").stdout.strip())
    told = mlsim("explain", folder)
    assert told.returncode == 0
    name, *lines = told.stdout.splitlines()
    assert name == "crash"
    starts = (
        "The fault begins: ",
        "First symptom: ",
        "First alert: Down",
        "The fault is repaired.",
    )
    at = lines[0].index(starts[0])
    for line, said in zip(lines, starts, strict=False):
        assert line[at:].startswith(said)
    assert all(line[at - 2 : at] == "  " and line[at] != " " for line in lines)


def test_a_folder_that_is_no_run_is_refused(mlsim, tmp_path: Path):
    refused = mlsim("explain", tmp_path)
    assert refused.returncode == 2
    assert "not a complete run folder" in refused.stderr
    assert mlsim("explain", "nowhere").stderr == "nowhere: no such folder\n"
    assert mlsim("explain", __file__).stderr == f"{__file__}: is a file, and no folder\n"
