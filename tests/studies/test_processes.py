"""Jobs in processes of their own: results, errors, and ends that nobody planned."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from mlsim.errors import Problem, ScenarioError
from mlsim.studies.processes import JobFailed, run_side_by_side


class Untravelled(Exception):
    """Takes two arguments and hands on one, as many do: it can't be made again elsewhere."""

    def __init__(self, one: str, other: str):
        super().__init__(f"{one} {other}")


def nobody(job: int, done: float) -> None:
    """Wants no progress."""


def double(number: int, tell: Callable[[float], None]) -> int:
    tell(0.5)
    return 2 * number


def failing(error: Exception, tell: Callable[[float], None]) -> None:
    raise error


def killed(tell: Callable[[float], None]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def endless(tell: Callable[[float], None]) -> None:
    while True:
        time.sleep(0.01)
        tell(0.0)


def test_results_come_in_the_order_of_the_jobs_however_many_run_at_once():
    told: list[tuple[int, float]] = []
    jobs = [partial(double, number) for number in range(5)]
    for processes in (1, 2, 8):
        told.clear()
        results = run_side_by_side(jobs, lambda *what: told.append(what), processes)
        assert results == [0, 2, 4, 6, 8]
        assert sorted(told) == [(job, 0.5) for job in range(5)]


def test_an_error_of_a_job_is_raised_as_it_was_and_ends_the_others():
    error = ScenarioError(
        [Problem("a.yml", 3, "groups", "is wrong"), Problem("a.yml", 1, "", "too")]
    )
    with pytest.raises(ScenarioError) as caught:
        run_side_by_side([endless, partial(failing, error)], nobody, 2)
    assert caught.value.problems == error.problems
    assert str(caught.value) == str(error)
    assert "in failing" in caught.value.__notes__[0]


def test_an_error_that_cannot_travel_is_told_in_words():
    with pytest.raises(JobFailed, match="Untravelled: of two"):
        run_side_by_side([partial(failing, Untravelled("of", "two"))], nobody)


def test_a_killed_process_is_reported():
    with pytest.raises(JobFailed, match="a process ended without a result"):
        run_side_by_side([endless, killed], nobody, 2)


def alive(process: str) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_job_outlives_its_parent(how: signal.Signals):
    """Only the parent gets the signal; its jobs would go on forever."""
    program = (
        # A shell's background job ignores Ctrl-C, and what it starts does too.
        "import signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from tests.studies.test_processes import *\n"
        "run_side_by_side([endless, endless], nobody, 2)"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=root, stderr=subprocess.DEVNULL
    ) as parent:
        listed = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
        while len(children := listed.read_text().split()) < 2:
            assert parent.poll() is None
            time.sleep(0.02)
        parent.send_signal(how)
        try:
            parent.wait(30)
        finally:
            parent.kill()
    patience = time.monotonic() + 30
    while any(map(alive, children)):
        assert time.monotonic() < patience, "a job is still there"
        time.sleep(0.02)
