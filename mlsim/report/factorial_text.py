"""A factorial study on one screen: main effects, and interactions that don't just add up."""

import math
from collections.abc import Hashable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlsim.report import wording
from mlsim.report.comparison_text import VERDICTS
from mlsim.report.factorial import Factorial
from mlsim.report.said import said, titled


def show(found: Factorial, console: Console) -> None:
    """Prints effects, measure by measure; plain text where the console is no terminal."""
    if console.is_terminal:
        _print(found, console)
        return
    with console.capture() as captured:
        _print(found, console)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    console.out("\n".join(lines), highlight=False)


def _print(found: Factorial, console: Console) -> None:
    effects, runs = found.table, found.runs["seed"].nunique()
    for name, measure in found.measures.items():
        level = wording.percent(found.level)
        facts = f"  {runs} paired runs, intervals at {level}, each effect for itself"
        console.print(Text.assemble((titled(measure), "bold"), facts))
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
        table.add_column("Effect", no_wrap=True)
        table.add_column("Of")
        for heading in ("Estimate", "Interval"):
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("Verdict")
        for row in effects[effects["measure"] == name].to_dict("records"):
            verdict, style = VERDICTS[row["sign"]]
            ends = [said(measure, row[end], signed=True) for end in ("low", "high")]
            table.add_row(
                row["effect"],
                row["of"],
                said(measure, row["estimate"], signed=True),
                "-" if math.isnan(row["low"]) else " to ".join(ends),
                Text(_verdict(row, verdict), style=style),
            )
        console.print(table)
    for failure in found.failures:
        console.print(Text(f"Failed: {failure}", style="red"), soft_wrap=True)


def _verdict(row: Mapping[Hashable, Any], verdict: str) -> str:
    if row["effect"] == "interaction" and row["sign"] == "same":
        return "they add up"
    return verdict
