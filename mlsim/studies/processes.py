"""Jobs side by side on the machine's cores, each in a process of its own."""

import multiprocessing as mp
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from typing import Any

from mlsim.errors import MlsimError

Job = Callable[[Callable[[float], None]], Any]
"""Something to do; it is handed a function that it tells how far it is."""


class JobFailed(MlsimError):
    """A job ended without a result."""


def run_side_by_side(
    jobs: Sequence[Job], progress: Callable[[int, float], None], processes: int | None = None
) -> list[Any]:
    """The results of all jobs, in their order; `progress(job, how far)` is told by each.

    A job that raises ends them all, and its error is raised here. No job outlives this process,
    however it ends. Raises JobFailed where a job's process was killed.
    """
    # A fork has everything compiled and imported already; elsewhere a new interpreter starts.
    context: Any = mp.get_context("fork" if "fork" in mp.get_all_start_methods() else "spawn")
    room = processes or os.cpu_count() or 1
    waiting = list(enumerate(jobs))
    running: dict[Any, tuple[int, Any]] = {}
    results: dict[int, Any] = {}
    try:
        while waiting or running:
            while waiting and len(running) < room:
                number, job = waiting.pop(0)
                receiver, sender = context.Pipe(duplex=False)
                process = context.Process(target=_work, args=(job, sender), daemon=True)
                process.start()
                sender.close()
                running[receiver] = (number, process)
            for receiver in wait(list(running)):
                number, process = running[receiver]
                what, value = _receive(receiver)
                if what == "progress":
                    progress(number, value)
                    continue
                del running[receiver]
                process.join()
                if what == "error":
                    raise value
                results[number] = value
    finally:
        for _, process in running.values():
            process.terminate()
            process.join()
    return [results[number] for number in range(len(jobs))]


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
