"""A study's results on one screen: its tables, what failed, and where the rest was written."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mlsim.report import (
    comparison_text,
    coverage_text,
    factorial_text,
    gains_text,
    interactions_text,
    sweep_text,
)
from mlsim.report.comparison import Comparison
from mlsim.report.coverage import Coverage
from mlsim.report.factorial import Factorial
from mlsim.report.gains import Gains, Worth
from mlsim.report.interactions import Interactions
from mlsim.report.plain import printed
from mlsim.report.sweep import Sweep

Studied = Comparison | Coverage | Sweep | Gains | Worth | Factorial | Interactions


def show(result: Studied, console: Console, folder: Path | None = None) -> None:
    """Prints the results; `folder` is named as the place of what was written."""
    printed(Group(*_lines(result)), console)
    for failure in result.failures:
        # A command is there to be copied: never broken over two lines.
        console.print(Text(f"Failed: {failure}", style="red"), soft_wrap=True)
    if folder is not None:
        console.print(Text(f"Written to {folder}/", style="bold"), soft_wrap=True)


def _lines(result: Studied) -> Iterator[RenderableType]:
    if isinstance(result, Comparison):
        yield from comparison_text.lines(result)
    elif isinstance(result, Coverage):
        yield from coverage_text.lines(result)
    elif isinstance(result, Sweep):
        yield from sweep_text.lines(result)
    elif isinstance(result, Factorial):
        yield from factorial_text.lines(result)
    elif isinstance(result, Interactions):
        yield from interactions_text.lines(result)
    else:
        yield from gains_text.lines(result)
