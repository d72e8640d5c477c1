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
from mlsim.studies.intervals import of_share


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
    none = wording.percent(of_share(0, runs, coverage.level).high)
    yield Text(
        f"In brackets: intervals at {level}, of a share Wilson's, of a median Brookmeyer and "
        f"Crowley's; - is no run of {runs}, so a share up to {none}.",
        style="dim",
    )
    yield from _verdicts(coverage)


def _table(coverage: Coverage) -> Table:
    table = plain_table()
    table.add_column("Watcher", no_wrap=True)
    for fault in coverage.faults:
        table.add_column(fault)
    table.add_column("False alarms\na week", justify="right")
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
    """A field of the matrix, as in `85% (64 to 95%)`, `1 h 45 min (1 h 30 min to 2 h)` below it."""
    if not row["detected"]:
        return "-"
    low, high = (100 * row[key] for key in ("detected_low", "detected_high"))
    share = f"{wording.percent(row['detected'])} ({low:.0f} to {high:.0f}%)"
    if math.isinf(row["median_s"]):
        return share
    median, soon, late = (reached(row[f"median{end}_s"]) for end in ("", "_low", "_high"))
    return f"{share}\n{median}" + (f" ({soon} to {late})" if soon != late else "")


def reached(seconds: float) -> str:
    """A time to detect, or that there is none."""
    return "never" if math.isinf(seconds) else wording.duration(seconds)


def _verdicts(coverage: Coverage) -> Iterator[Text]:
    if coverage.uncovered:
        yield Text(f"Nothing noticed {wording.listed(coverage.uncovered)}.", style="yellow")
    left = {(unmet.requirement, unmet.fault) for unmet in coverage.unmet}
    for asked in coverage.requirements:
        met = [fault for fault in coverage.faults if (asked, fault) not in left]
        if met:
            yield Text(f"Met: {asked} by {wording.listed(met)}")
    for unmet in coverage.unmet:
        yield Text(f"Unmet: {unmet.fault}: {unmet.requirement}: {unmet.found}", style="red")
