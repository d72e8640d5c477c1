"""A coverage on one screen: faults by watchers, and what nothing covers."""

import math
from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mlsim.report import wording
from mlsim.report.coverage import Coverage
from mlsim.report.plain import plain_table


def lines(coverage: Coverage) -> Iterator[RenderableType]:
    """One row per watcher and one column per fault; then what nothing covers and what is unmet."""
    runs = len(coverage.replications.seeds)
    level = wording.percent(coverage.level)
    facts = f"{runs} runs; share that noticed, and median time to detect"
    name = coverage.replications.variants[0].scenario.scenario
    yield Text.assemble((f"Who notices what in {name}", "bold"), f"  {facts}")
    if not coverage.faults:
        yield Text("Nothing breaks before the horizon, or nobody watches.")
        return
    yield _table(coverage)
    yield Text(f"In brackets: Kaplan and Meier's median with its interval at {level}.", style="dim")
    yield from _verdicts(coverage)


def _table(coverage: Coverage) -> Table:
    table = plain_table()
    table.add_column("Watcher", no_wrap=True)
    for fault in coverage.faults:
        table.add_column(fault)
    table.add_column("False alarms a week", justify="right")
    watchers = dict.fromkeys(zip(coverage.table["kind"], coverage.table["watcher"], strict=True))
    for kind, watcher in watchers:
        rows = coverage.table.query("kind == @kind and watcher == @watcher")
        cells = {row["fault"]: cell(row) for row in rows.to_dict("records")}
        false = float(rows["false_alarms_per_week"].iloc[0])
        name = watcher if kind != "check" else f"check {watcher}"
        style = "bold" if kind == "anybody" else ""
        table.add_row(
            Text(name, style=style),
            *(Text(cells.get(fault, "")) for fault in coverage.faults),
            "" if math.isnan(false) else wording.number(round(false, 2)),
        )
    return table


def cell(row: Any) -> str:
    """A field of the matrix, as in `85% in 1 h 45 min (1 h 30 min to 2 h)`."""
    if not row["detected"]:
        return "-"
    share = wording.percent(row["detected"])
    if math.isinf(row["median_s"]):
        return share
    low, high = (reached(row[key]) for key in ("median_low_s", "median_high_s"))
    return f"{share} in {wording.duration(row['median_s'])} ({low} to {high})"


def reached(seconds: float) -> str:
    """A time to detect, or that there is none."""
    return "never" if math.isinf(seconds) else wording.duration(seconds)


def _verdicts(coverage: Coverage) -> Iterator[Text]:
    if coverage.uncovered:
        yield Text(f"Nothing noticed {wording.listed(coverage.uncovered)}.", style="yellow")
    for unmet in coverage.unmet:
        yield Text(f"Unmet: {unmet.fault}: {unmet.requirement}: {unmet.found}", style="red")
