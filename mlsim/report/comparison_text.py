"""A comparison on one screen: per measure the means, their difference, and a verdict."""

import math
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlsim.measures.headline import Measure
from mlsim.report import wording
from mlsim.report.comparison import Comparison

VERDICTS = {
    "more": ("more", "bold"),
    "less": ("less", "bold"),
    "same": ("the same", "dim"),
    "open": ("open", "yellow"),
}


def show(comparison: Comparison, console: Console) -> None:
    """Prints a comparison: one table per variant, and what failed."""
    if console.is_terminal:
        _print(comparison, console)
        return
    with console.capture() as captured:
        _print(comparison, console)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    console.out("\n".join(lines), highlight=False)


def _print(comparison: Comparison, console: Console) -> None:
    table = comparison.table
    for variant in dict.fromkeys(table["variant"]):
        rows = table[table["variant"] == variant]
        console.print(_heading(comparison, variant, rows))
        console.print(_table(comparison, variant, rows))
        console.print(Text(_pairing(rows), style="dim"))
    for failure in comparison.failures:
        console.print(Text(f"Failed: {failure}", style="red"), soft_wrap=True)


def _heading(comparison: Comparison, variant: str, rows: Any) -> Text:
    runs = int(rows["runs"].max()) if len(rows) else 0
    level = wording.percent(comparison.level)
    facts = f"{runs} paired runs, intervals at {level}, each measure for itself"
    return Text.assemble((f"{variant} against {comparison.baseline}", "bold"), f"  {facts}")


def _table(comparison: Comparison, variant: str, rows: Any) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("Measure")
    for heading in (comparison.baseline, variant, "Difference", "Interval"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Verdict")
    for row in rows.to_dict("records"):
        measure = comparison.measures[row["measure"]]
        verdict, style = VERDICTS[row["sign"]]
        table.add_row(
            titled(measure),
            *(said(measure, row[key]) for key in ("baseline", "mean")),
            said(measure, row["difference"], signed=True),
            _interval(measure, row["low"], row["high"]),
            Text(verdict, style=style),
        )
    return table


def _interval(measure: Measure, low: float, high: float) -> str:
    if math.isnan(low):
        return "-"
    return f"{said(measure, low, signed=True)} to {said(measure, high, signed=True)}"


def _pairing(rows: Any) -> str:
    """What common random numbers have saved, over the measures that vary."""
    gains = rows["variance_reduction"]
    gains = gains[(gains > 0) & (gains < math.inf)]
    if gains.empty:
        return ""
    return (
        "Paired by common random numbers: independent runs would have to be "
        f"{wording.number(round(float(gains.min()), 1))} to "
        f"{wording.number(round(float(gains.max()), 1))} times as many for intervals as narrow."
    )


def titled(measure: Measure) -> str:
    """A measure as a line of a table calls it, with its unit."""
    unit = {"share": "% of runs", "s": "h"}.get(measure.unit, measure.unit)
    return f"{wording.capital(measure.title)} ({unit})".removesuffix(" ()")


def said(measure: Measure, value: float, signed: bool = False) -> str:
    """A value in the unit that `titled` names: shares in percent, times in hours."""
    if value is None or math.isnan(value):
        return "-"
    shown = value * scale(measure)
    return wording.signed(shown) if signed else wording.number(shown)


def scale(measure: Measure) -> float:
    """By what a value is multiplied to be shown."""
    return {"share": 100.0, "s": 1 / 3600}.get(measure.unit, 1.0)
