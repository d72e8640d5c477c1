"""The command line as a user meets it: arguments in; exit status, stdout and stderr out."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Completed = subprocess.CompletedProcess[str]
PROGRAM = "from mlsim.cli import main; main()"


@pytest.fixture
def mlsim(tmp_path: Path) -> Callable[..., Completed]:
    """Runs `mlsim ARGUMENTS` in an empty folder, in a process of its own."""

    def run(*arguments: str | Path) -> Completed:
        command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run
