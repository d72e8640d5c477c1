"""A bar that moves with simulated time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

DAY = 86_400.0


@contextmanager
def simulated_time(
    start: float, end: float, *, shown: bool
) -> Iterator[Callable[[float], None] | None]:
    """Gives what to tell the simulated time to, in seconds; None where nobody would see the bar.

    The bar is on stderr, so that stdout holds the result and nothing else.
    """
    console = Console(stderr=True)
    if not (shown and console.is_terminal):
        yield None
        return
    columns = (
        TextColumn("simulating"),
        BarColumn(bar_width=None),
        TextColumn("day {task.fields[day]:.1f} of {task.fields[days]:.1f}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=end - start, day=start / DAY, days=end / DAY)
        yield lambda now: progress.update(task, completed=now - start, day=now / DAY)
