"""A bar that moves with simulated time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

DAY = 86_400.0


@contextmanager
def simulated_time(
    history: float, horizon: float, *, shown: bool
) -> Iterator[Callable[[float], None] | None]:
    """Gives what to tell the simulated time, in seconds; None where nobody would see the bar.

    The bar runs from `-history` to `horizon`. It is on stderr: stdout holds the result alone.
    """
    console = Console(stderr=True)
    if not (shown and console.is_terminal):
        yield None
        return
    columns = (
        TextColumn("simulating"),
        BarColumn(bar_width=None),
        TextColumn("day {task.fields[day]:.1f} of {task.fields[last]:.1f}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        whole = history + horizon
        task = progress.add_task("", total=whole, day=-history / DAY, last=horizon / DAY)
        yield lambda now: progress.update(task, completed=now + history, day=now / DAY)
