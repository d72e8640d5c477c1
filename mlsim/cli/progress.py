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
    """Gives what to tell how much is done, from 0 to 1; None where nobody would see the bar.

    history, horizon: in seconds. The bar is on stderr: stdout holds the result and nothing else.
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
        task = progress.add_task("", total=1.0, day=-history / DAY, last=horizon / DAY)

        def tell(done: float) -> None:
            day = (done * (history + horizon) - history) / DAY
            progress.update(task, completed=done, day=day)

        yield tell
