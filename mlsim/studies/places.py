"""Where the work of a study executes: one small interface, so that a cluster can be another."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

Work = Callable[[Callable[[float], None]], Any]
"""Something to do; it is handed a function that it may tell how far it is (any number).

It is made of functions at the top of modules and of values that can be pickled
(`functools.partial`), so that it can go to another process or machine.
"""


class Place(Protocol):
    """A place where work executes. `mlsim.studies.processes.Processes` is this machine's cores."""

    room: int
    """About how much work can be done at once."""

    def submit(self, number: int, job: Work) -> None:
        """Have a piece of work done as soon as there is room; `number` names its result."""

    def results(self) -> Iterator[tuple[int, Any]]:
        """(number, result) of each piece as it ends, until all that were submitted have ended.

        The result of a piece that failed is its exception. More may be submitted in between.
        """

    def cancel(self) -> None:
        """End all work, waiting and running; nothing of it goes on afterwards."""
