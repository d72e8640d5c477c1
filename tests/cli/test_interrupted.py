"""However a run ends too early, it leaves no half run behind."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

# A shell's background job ignores Ctrl-C, and what it starts does too; a terminal's doesn't.
PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from mlsim.cli import main
main()
"""


@contextmanager
def started(
    *arguments: str | Path, cwd: Path, program: str = PROGRAM
) -> Iterator[subprocess.Popen[str]]:
    """A run in a process group of its own, as a terminal would start it."""
    command = [sys.executable, "-c", program, "run", *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=cwd, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)


def simulating(pid: int) -> bool:
    """A process has a child: the simulation of a world has begun."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if not children.exists():
        pytest.skip("needs Linux's list of a process's children")
    return bool(children.read_text())


def visible(reports: Path) -> list[str]:
    """What somebody finds who looks for runs."""
    return [path.name for path in reports.glob("*") if not path.name.startswith(".")]


def test_ctrl_c_while_it_simulates(scenario: Path, tmp_path: Path):
    with started(scenario, "--horizon", "5000d", cwd=tmp_path) as process:
        wait_until(lambda: simulating(process.pid), process)
        os.killpg(process.pid, signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert not (tmp_path / "reports").exists()


SIGN = """
from contextlib import contextmanager
from pathlib import Path
from mlsim.cli import progress

@contextmanager
def touching(*times, shown):
    yield lambda now: Path("begun").touch()

progress.simulated_time = touching
"""


def test_ctrl_c_while_one_world_is_simulated_in_the_process_itself(scenario: Path, tmp_path: Path):
    arguments = ("--no-twin", "--horizon", "5000d")
    with started(scenario, *arguments, cwd=tmp_path, program=SIGN + PROGRAM) as process:
        wait_until((tmp_path / "begun").exists, process)
        assert not simulating(process.pid), "one world needs no process of its own"
        os.killpg(process.pid, signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert not (tmp_path / "reports").exists()


def test_ctrl_c_while_it_writes(scenario: Path, tmp_path: Path):
    with started(scenario, "--horizon", "1h", "--out", "here", cwd=tmp_path) as process:
        wait_until(lambda: [*(tmp_path / "here").glob(".unfinished-*")], process)
        os.killpg(process.pid, signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert list((tmp_path / "here").iterdir()) == []


def test_kill_9_while_it_writes(scenario: Path, tmp_path: Path):
    with started(scenario, "--horizon", "1h", "--out", "here", cwd=tmp_path) as process:
        wait_until(lambda: [*(tmp_path / "here").glob(".unfinished-*")], process)
        os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert visible(tmp_path / "here") == []


def test_full_disk(mlsim, scenario: Path, tmp_path: Path):
    """No file may grow beyond 2 KiB, which is what a full disk does to a write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, hard))
    try:
        ended = mlsim("run", scenario, "--horizon", "1h", "--out", tmp_path / "here")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ended.returncode == 2
    assert "can't write the run there" in ended.stderr
    assert list((tmp_path / "here").iterdir()) == []


def test_ctrl_c_before_the_commands_are_there(mlsim, monkeypatch):
    class Interrupted(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "mlsim.cli.app", Interrupted("mlsim.cli.app"))
    ended = mlsim("validate", "scenario.yaml")
    assert (ended.returncode, ended.stderr) == (130, "")
