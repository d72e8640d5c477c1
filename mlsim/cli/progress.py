"""Bars that move, on stderr and only where somebody sees them: stdout holds the result alone."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from time import monotonic

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

DAY = 86_400.0


@contextmanager
def simulated_time(
    history: float, horizon: float, *, shown: bool
) -> Iterator[Callable[[float], None] | None]:
    """Gives what to tell the simulated time, in seconds; None where nobody would see the bar.

    The bar runs from `-history` to `horizon`.
    """
    days = TextColumn("day {task.fields[day]:.1f} of {task.fields[last]:.1f}")
    with _bar("simulating", days, shown=shown) as progress:
        if progress is None:
            yield None
            return
        whole = history + horizon
        task = progress.add_task("", total=whole, day=-history / DAY, last=horizon / DAY)
        yield lambda now: progress.update(task, completed=now + history, day=now / DAY)


def say_if_compiling() -> None:
    """Tell on stderr that the kernel has to be compiled first, which nothing else shows."""
    from mlsim import engine

    if not engine.compiled():
        print("compiling the kernel (once, about half a minute) ...", file=sys.stderr, flush=True)


@contextmanager
def replications_done(*, shown: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Gives what to tell (done, all) of a study's replications; None where nobody would see it.

    The time left is what each has taken so far, times those to come.
    """
    if not shown:
        yield None
        return
    # When the first run begins: what is refused before needs no kernel.
    compiling = cache(say_if_compiling)
    count = TextColumn("{task.completed:.0f} of {task.total:.0f}")
    left = TextColumn("{task.fields[left]}")
    with _bar("replications", count, left, shown=True) as progress:
        if progress is None:
            yield lambda done, whole: compiling()
            return
        task = progress.add_task("", total=1, left="")
        pace = Pace()

        def tell(done: int, whole: int) -> None:
            compiling()
            told = pace.left(done, whole, monotonic())
            progress.update(task, completed=done, total=whole, left=told)

        yield tell


@contextmanager
def share_done(doing: str) -> Iterator[Callable[[float], None] | None]:
    """Gives what to tell which share is done, from 0 to 1; None where nobody would see it."""
    say_if_compiling()
    with _bar(doing, TaskProgressColumn(), shown=True) as progress:
        if progress is None:
            yield None
            return
        task = progress.add_task("", total=1.0)
        yield lambda share: progress.update(task, completed=share)


@contextmanager
def _bar(doing: str, *columns: ProgressColumn, shown: bool) -> Iterator[Progress | None]:
    """A bar that goes when all is done, with the time it has taken; None where nobody sees it."""
    console = Console(stderr=True)
    if not (shown and console.is_terminal):
        yield None
        return
    whole = (TextColumn(doing), BarColumn(bar_width=None), *columns, TimeElapsedColumn())
    with Progress(*whole, console=console, transient=True) as progress:
        yield progress


class Pace:
    """Guesses the time left from what was done since it began to look, and in what time.

    >>> pace = Pace()
    >>> pace.left(10, 30, now=0.0), pace.left(15, 30, now=60.0)
    ('', 'about 3 min left')
    """

    def __init__(self) -> None:
        self._began: tuple[int, float] | None = None

    def left(self, done: int, whole: int, now: float) -> str:
        """The time left in words; nothing before anything was done. now: in seconds."""
        began, since = self._began = self._began or (done, now)
        if done <= began:
            return ""
        seconds = (now - since) / (done - began) * (whole - done)
        if seconds < 50:
            return f"about {max(round(seconds / 10) * 10, 10)} s left"
        return f"about {max(round(seconds / 60), 1)} min left"
