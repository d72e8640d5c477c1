"""What mlsim says when a user's input is wrong: where, what was expected, what is near."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any


class MlsimError(Exception):
    """Base of every error that mlsim raises on purpose; the command line exits with 2 on it."""


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in one file.

    file, line: where to look; `line` counts from 1, 0 when the file as a whole is meant.
    path: place in the document, as in `system.gateway.workers` or `faults[0].unit`; may be empty.
    message: what was expected and what was found.
    suggestion: nearest valid name, empty if none is near.
    """

    file: str
    line: int
    path: str
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        place = f" {self.path}:" if self.path else ""
        hint = f" (did you mean '{self.suggestion}'?)" if self.suggestion else ""
        return f"{where}:{place} {self.message}{hint}"


class ScenarioError(MlsimError):
    """All mistakes of the files of a scenario, in the order of their lines.

    Those of settings come first: what a file's lines are told for may only follow from them.

    >>> str(ScenarioError([Problem("a.yaml", 3, "system.desk", "needs a kind")]))
    'a.yaml:3: system.desk: needs a kind'
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line > 0, problem)))
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Between processes it goes as the problems that it is made from."""
        return type(self), (self.problems,), self.__dict__


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that `name` was probably meant to be, or "" if none is near.

    >>> nearest("gatway", ["gateway", "phone"])
    'gateway'
    """
    return next(iter(get_close_matches(name, sorted(known), n=1, cutoff=0.6)), "")
