"""A comparison on one screen: per measure the means, their difference, and a verdict."""

import math
from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mlsim.measures.headline import Measure
from mlsim.report import wording
from mlsim.report.comparison import Comparison
from mlsim.report.plain import plain_table
from mlsim.report.said import said, titled
from mlsim.studies.precision import METHOD

VERDICTS = {
    "more": ("more", "bold"),
    "less": ("less", "bold"),
    "same": ("same", "dim"),
    "open": ("open", "yellow"),
}


def lines(comparison: Comparison) -> Iterator[RenderableType]:
    """One table per variant, and below each what pairing has saved."""
    table = comparison.table
    for variant in dict.fromkeys(table["variant"]):
        rows = table[table["variant"] == variant]
        yield _heading(comparison, variant, rows)
        yield _table(comparison, variant, rows)
        yield Text(" ".join(filter(None, (pairing(rows), _stopping(comparison, rows)))))


def _heading(comparison: Comparison, variant: str, rows: Any) -> Text:
    runs = int(rows["runs"].max()) if len(rows) else 0
    level = wording.percent(comparison.level)
    facts = f"{runs} paired runs and their means, intervals at {level}, each measure for itself"
    return Text.assemble((f"{variant} against {comparison.baseline}", "bold"), f"  {facts}")


def _table(comparison: Comparison, variant: str, rows: Any) -> Table:
    table = plain_table()
    table.add_column("Measure", min_width=14)
    for name in (comparison.baseline, variant):
        table.add_column(name, justify="right", min_width=max(map(len, name.split())))
    for heading in ("Difference", "Interval"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Sign", no_wrap=True, min_width=4)
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


def pairing(rows: Any) -> str:
    """What common random numbers have saved, over the measures that vary."""
    gains = rows["variance_reduction"]
    gains = gains[(gains > 0) & (gains < math.inf)]
    if gains.empty:
        return ""
    least, most = (wording.number(round(float(gain), 1)) for gain in (gains.min(), gains.max()))
    if most == "1":
        return "Pairing by common random numbers has saved no runs."
    times = most if least == most else f"{least} to {most}"
    return (
        f"Paired by common random numbers: independent runs would have to be {times} times as many "
        "for intervals as narrow."
    )


def _stopping(comparison: Comparison, rows: Any) -> str:
    """What was run until, and whether that was reached."""
    if comparison.precision is None:
        return ""
    asked = wording.percent(comparison.precision.share)
    loose = [titled(comparison.measures[m]) for m in rows.loc[~rows["precise"], "measure"]]
    rest = f"; not reached by {wording.listed(loose)}" if loose else ""
    return f"Run until every half-width is at most {asked} ({METHOD}){rest}."
