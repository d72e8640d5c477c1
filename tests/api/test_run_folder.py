"""The folder of a run: there as a whole or not at all, also beside others."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import time

import pytest

from mlsim import api
from mlsim.errors import MlsimError
from mlsim.report import run_folder
from tests.worlds import COUNTER, loaded


@pytest.fixture(scope="module")
def run() -> api.Run:
    return api.Scenario(loaded(COUNTER, horizon="1h"), None).run()


@pytest.fixture
def nothing_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """The contents are others' business."""
    monkeypatch.setattr(
        run_folder, "_fill", lambda folder, *_: (folder / "run.json").write_text("")
    )


@pytest.mark.usefixtures("nothing_to_write")
def test_runs_that_end_in_the_same_second_have_folders_of_their_own(run: api.Run, tmp_path: Path):
    with ThreadPoolExecutor(8) as threads:
        folders = list(threads.map(lambda _: run.write(tmp_path), range(24)))
    assert len(set(folders)) == 24
    assert all((folder / "run.json").is_file() for folder in folders)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["latest", *(folder.name for folder in folders)]
    )


@pytest.mark.usefixtures("nothing_to_write")
def test_what_a_killed_run_has_left_is_cleared_a_day_later(run: api.Run, tmp_path: Path):
    """A younger one may be another run's, at work at this moment."""
    for name, age_h in (("old", 25), ("young", 1)):
        folder = tmp_path / f".unfinished-{name}"
        folder.mkdir()
        (folder / "summary.json").write_text("{")
        os.utime(folder, (time() - age_h * 3600,) * 2)
    written = run.write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        ".unfinished-young",
        "latest",
        written.name,
    }


@pytest.mark.usefixtures("nothing_to_write")
def test_a_folder_called_latest_stays_what_it_is(run: api.Run, tmp_path: Path):
    (tmp_path / "latest").mkdir()
    written = run.write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"latest", written.name}
    assert not (tmp_path / "latest").is_symlink()


def full_disk(*_: object) -> None:
    raise OSError(28, "No space left on device")


def trouble_without_a_number(*_: object) -> None:
    raise OSError("Error writing bytes to file")


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        (full_disk, "can't write the run there: No space left on device$"),
        (trouble_without_a_number, "can't write the run there: Error writing bytes to file$"),
    ],
)
@pytest.mark.parametrize("step", ["write_world", "write_report"])
def test_what_cannot_be_written_is_told_in_a_line_and_leaves_nothing(
    step: str,
    trouble: Callable[..., None],
    message: str,
    run: api.Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(run_folder, step, trouble)
    with pytest.raises(MlsimError, match=message) as caught:
        run.write(tmp_path)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_while_it_writes_leaves_nothing(
    run: api.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run_folder, "write_report", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.write(tmp_path)
    assert list(tmp_path.iterdir()) == []
