"""A sweep on one screen: a line per measure and a column per point, or the other way round."""

import math
from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mlsim.report import wording
from mlsim.report.plain import plain_table
from mlsim.report.said import said, titled
from mlsim.report.sweep import Sweep

ABREAST = 5
"""Points, or measures, that a screen has room for beside one another."""
SHOWN = 20
"""Points that it has room for below one another."""


def lines(sweep: Sweep) -> Iterator[RenderableType]:
    """The means at the first points; all are in table.csv."""
    points, runs = len(sweep.points), len(sweep.replications.seeds)
    facts = f"{wording.counted(points, 'point')}, {wording.counted(runs, 'run')} each; means"
    yield Text.assemble((f"{wording.listed(sweep.paths)}", "bold"), f"  {facts}")
    yield _abreast(sweep) if points <= ABREAST else _below(sweep)
    if points > ABREAST and len(sweep.measures) > ABREAST:
        yield Text("the other measures are in table.csv", style="dim")
    if points > SHOWN:
        yield Text(f"... and {points - SHOWN} more points in table.csv", style="dim")
    yield Text("intervals of all means are in table.csv", style="dim")


def _abreast(sweep: Sweep) -> Table:
    """A line for each measure, a column for each point."""
    table = plain_table()
    table.add_column(", ".join(path.rpartition(".")[2] for path in sweep.paths))
    found = list(_means(sweep))
    for point, _ in found:
        table.add_column(", ".join(point), justify="right", no_wrap=True)
    for name, measure in sweep.measures.items():
        means = (said(measure, means.get(name, math.nan)) for _, means in found)
        table.add_row(titled(measure), *means)
    return table


def _below(sweep: Sweep) -> Table:
    """A line for each point, a column for each of the first measures."""
    table = plain_table()
    for path in sweep.paths:
        table.add_column(path.rpartition(".")[2])
    shown = list(sweep.measures.items())[:ABREAST]
    for _, measure in shown:
        table.add_column(titled(measure), justify="right")
    for point, means in list(_means(sweep))[:SHOWN]:
        table.add_row(*point, *(said(m, means.get(name, math.nan)) for name, m in shown))
    return table


def _means(sweep: Sweep) -> Iterator[tuple[tuple[str, ...], dict[str, float]]]:
    """The points in their order, each with its means by measure."""
    for point, rows in sweep.table.groupby(sweep.paths, sort=False):
        yield tuple(map(str, point)), dict(zip(rows["measure"], rows["mean"], strict=True))
