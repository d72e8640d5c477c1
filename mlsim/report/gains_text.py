"""Gains on one screen: step by step, and what a point of quality is worth."""

import math
from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mlsim.measures.headline import Measure
from mlsim.report import wording
from mlsim.report.gains import Gains, Worth
from mlsim.report.plain import plain_table
from mlsim.studies.gains import per_point
from mlsim.studies.intervals import Interval

EFFECTS = {"": "", "up": "more", "down": "less", "none": "the same", "open": "open"}


def lines(found: Gains | Worth) -> Iterator[RenderableType]:
    """The steps of one model and what a point of it is worth, or the latter of every model."""
    yield from _worths(found) if isinstance(found, Worth) else _gains(found)


def _gains(found: Gains) -> Iterator[RenderableType]:
    table = found.table
    runs = int(table["runs"].max()) if len(table) else 0
    level = wording.percent(found.level)
    heading = f"{found.model} gets better"
    yield Text.assemble((heading, "bold"), f"  {runs} paired runs, intervals at {level}")
    yield _steps(found)
    yield Text(_verdict(found))


def _steps(found: Gains) -> Table:
    unit = f" ({found.outcome.unit})" if found.outcome.unit else ""
    table = plain_table()
    table.add_column("Step")
    for heading in ("Local quality", f"{wording.capital(found.outcome.title)}{unit}"):
        table.add_column(heading, justify="right")
    for heading in ("Against the first", "Interval", "Latency"):
        table.add_column(heading, justify="right")
    table.add_column("Than before")
    for row in found.table.to_dict("records"):
        first = row["effect"] == ""
        table.add_row(
            row["step"],
            f"{row['quality']:.3f}",
            wording.number(row["outcome"]),
            "" if first else wording.signed(row["difference"]),
            "" if first else _interval(row["low"], row["high"]),
            wording.duration(row["latency"]),
            Text(EFFECTS[row["effect"]], style="yellow" if row["effect"] == "open" else ""),
        )
    return table


def _verdict(found: Gains) -> str:
    slope = found.slope
    said = _worth(per_point(slope), found.outcome)
    sentence = f"A point (0.01) of {found.model}'s quality: {said}."
    if slope.flips:
        sentence += f" The sign flips at {wording.listed([f'“{s}”' for s in slope.flips])}."
    return sentence


def _worth(interval: Interval, outcome: Measure) -> str:
    title = outcome.title.lower()
    if math.isnan(interval.estimate):
        return f"nobody knows what it does to {title}: the quality did not change"
    unit = f" {outcome.unit}" if outcome.unit else ""
    amount = f"{wording.signed(interval.estimate)}{unit} of {title}"
    if math.isnan(interval.low):
        return amount
    decided = "" if interval.low > 0 or interval.high < 0 else ", which may as well be nothing"
    return f"{amount} ({_interval(interval.low, interval.high)}){decided}"


def _worths(found: Worth) -> Iterator[RenderableType]:
    outcome = found.outcome
    yield Text.assemble(("Where to work next", "bold"), f"  {outcome.title.lower()}")
    table = plain_table()
    table.add_column("Model")
    unit = f" ({outcome.unit})" if outcome.unit else ""
    for heading in ("Local quality", f"Per point of it{unit}", "Interval"):
        table.add_column(heading, justify="right")
    table.add_column("Sign flips at")
    for row in found.table.to_dict("records"):
        known = not math.isnan(row["per_point"])
        table.add_row(
            row["model"],
            f"{row['quality']:.3f}",
            wording.signed(row["per_point"]) if known else "-",
            _interval(row["low"], row["high"]),
            row["flips"],
        )
    yield table


def _interval(low: float, high: float) -> str:
    if math.isnan(low) or math.isnan(high):
        return "-"
    return f"{wording.signed(low)} to {wording.signed(high)}"
