"""A factorial study on one screen: main effects, and interactions that don't just add up."""

import math
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from mlsim.report import wording
from mlsim.report.comparison_text import VERDICTS
from mlsim.report.factorial import Factorial
from mlsim.report.plain import plain_table
from mlsim.report.said import said, titled


def lines(found: Factorial) -> Iterator[RenderableType]:
    """A table of effects for each measure."""
    effects, runs = found.table, found.runs["seed"].nunique()
    for name, measure in found.measures.items():
        level = wording.percent(found.level)
        facts = f"  {runs} paired runs, intervals at {level}, each effect for itself"
        yield Text.assemble((titled(measure), "bold"), facts)
        table = plain_table()
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
        yield table


def _verdict(row: Mapping[Hashable, Any], verdict: str) -> str:
    if row["effect"] == "interaction" and row["sign"] == "same":
        return "they add up"
    return verdict
