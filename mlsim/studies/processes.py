"""Jobs side by side on the machine's cores, each in a process of its own."""

import multiprocessing as mp
import os
import pickle
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import Any

from mlsim.errors import MlsimError

Job = Callable[[Callable[[float], None]], Any]
"""Something to do; it is handed a function that it tells how far it is."""


class JobFailed(MlsimError):
    """A job ended without a result."""


class Processes:
    """A place where work executes: the cores of this machine (see `mlsim.studies.places.Place`).

    room: how many jobs run at once; as many as there are cores if not given. progress: is told
    (job, how far) by each job.

    Each job has a process of its own, so one that is killed, or that takes too much memory, takes
    no other with it. No job outlives this process, however it ends.
    """

    def __init__(
        self, room: int | None = None, progress: Callable[[int, float], None] | None = None
    ):
        # A fork has everything compiled and imported already; elsewhere an interpreter starts.
        self._context: Any = mp.get_context("fork" if _can_fork() else "spawn")
        self.room = room or os.cpu_count() or 1
        self._progress = progress or _nobody
        self._waiting: deque[tuple[int, Job]] = deque()
        self._running: dict[Any, tuple[int, Any]] = {}

    def submit(self, number: int, job: Job) -> None:
        """Have a job done as soon as there is room; `number` names its result."""
        self._waiting.append((number, job))

    def results(self) -> Iterator[tuple[int, Any]]:
        """(number, result) of each job as it ends, until all that were submitted have ended.

        The result of a job that failed is its error: what it raised, or JobFailed where its process
        was killed. Jobs may be submitted in between.
        """
        while self._waiting or self._running:
            while self._waiting and len(self._running) < self.room:
                self._start(*self._waiting.popleft())
            for receiver in wait(list(self._running)):
                yield from self._hear(receiver)

    def cancel(self) -> None:
        """End all jobs, the waiting and the running ones."""
        self._waiting.clear()
        for _, process in self._running.values():
            process.terminate()
            process.join()
        self._running.clear()

    def _start(self, number: int, job: Job) -> None:
        receiver, sender = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_work, args=(job, sender), daemon=True)
        with undisturbed():
            process.start()
            self._running[receiver] = (number, process)
        sender.close()

    def _hear(self, receiver: Any) -> Iterator[tuple[int, Any]]:
        if receiver not in self._running:
            return  # cancelled in between
        number, process = self._running[receiver]
        what, value = _receive(receiver)
        if what == "progress":
            self._progress(number, value)
            return
        del self._running[receiver]
        process.join()
        yield number, value


def run_side_by_side(
    jobs: Sequence[Job], progress: Callable[[int, float], None], processes: int | None = None
) -> list[Any]:
    """The results of all jobs, in their order; `progress(job, how far)` is told by each.

    A job that raises ends them all, and its error is raised here. Raises JobFailed where a job's
    process was killed.
    """
    place = Processes(processes, progress)
    results: dict[int, Any] = {}
    try:
        for number, job in enumerate(jobs):
            place.submit(number, job)
        for number, result in place.results():
            if isinstance(result, Exception):
                raise result
            results[number] = result
    finally:
        place.cancel()
    return [results[number] for number in range(len(jobs))]


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ctrl-C waits until this is over.

    What Python does beside a fork (locks of `logging`) is done in callbacks, and an exception in
    one of those, KeyboardInterrupt too, is told on stderr and forgotten.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _can_fork() -> bool:
    return "fork" in mp.get_all_start_methods()


def _nobody(job: int, done: float) -> None:
    """Wants no progress."""


def _receive(receiver: Any) -> tuple[str, Any]:
    try:
        what, value = receiver.recv()
    except (EOFError, OSError):  # nothing more comes, or half a message
        return "error", JobFailed("a process ended without a result; was it killed for its memory?")
    return what, value


def _work(job: Job, sender: Any) -> None:
    # Ctrl-C reaches all processes at a terminal: the parent hears of it and ends its jobs.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        sender.send(("result", job(lambda done: sender.send(("progress", done)))))
    except Exception as error:
        sender.send(("error", _portable(error)))


def _end_with_parent() -> None:
    """A killed parent can't end its jobs, and a job that nobody listens to would never end."""
    parent = mp.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _portable(error: Exception) -> Exception:
    """The error with its traceback as a note, or what it says if it can't go between processes."""
    try:
        error.add_note("".join(traceback.format_exception(error)))
        pickle.loads(pickle.dumps(error))
    except Exception:
        return JobFailed(f"{type(error).__name__}: {error}")
    return error
