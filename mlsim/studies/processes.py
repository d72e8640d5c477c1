"""Jobs side by side on the machine's cores, each in a process of its own."""

import multiprocessing as mp
import os
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
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

    A job that raises ends them all, and its error is raised here.
    """
    # A fork has everything compiled and imported already; elsewhere a new interpreter starts.
    context = mp.get_context("fork" if "fork" in mp.get_all_start_methods() else "spawn")
    room = processes or os.cpu_count() or 1
    waiting = list(enumerate(jobs))
    running: dict[Connection, tuple[int, Any]] = {}
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
    except EOFError:
        return "error", JobFailed("a process ended without a result; was it killed for its memory?")
    return what, value


def _work(job: Job, sender: Any) -> None:
    try:
        sender.send(("result", job(lambda done: sender.send(("progress", done)))))
    except KeyboardInterrupt:
        pass
    except Exception as error:
        sender.send(("error", error))
