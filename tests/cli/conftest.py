"""The command line as a user meets it: arguments in; exit status, stdout and stderr out."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mlsim.cli import main
from tests.desk import written


@dataclass(frozen=True)
class Ended:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def mlsim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Runs `mlsim ARGUMENTS` in an empty folder, on a console of 100 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["mlsim", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        return Ended(int(end.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def scenario(mlsim: Callable[..., Ended], tmp_path: Path) -> Path:
    """The scenario that `mlsim init` writes."""
    mlsim("init", "shop")
    return tmp_path / "shop" / "scenario.yaml"


@pytest.fixture
def desk(mlsim: Callable[..., Ended], tmp_path: Path) -> Path:
    """A desk that is closed for ten minutes, in the folder in which commands run."""
    return written(tmp_path)
