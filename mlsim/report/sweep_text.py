"""A sweep on one screen: a row per point, a column per measure."""

import math
from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mlsim.report import wording
from mlsim.report.said import said, titled
from mlsim.report.sweep import Sweep

SHOWN = 20
"""Points that a screen has room for."""


def lines(sweep: Sweep) -> Iterator[RenderableType]:
    """The means at the first points; all are in table.csv."""
    points, runs = len(sweep.points), len(sweep.replications.seeds)
    facts = f"{wording.counted(points, 'point')}, {wording.counted(runs, 'run')} each; means"
    yield Text.assemble((f"{wording.listed(sweep.paths)}", "bold"), f"  {facts}")
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for path in sweep.paths:
        table.add_column(path.rpartition(".")[2])
    for measure in sweep.measures.values():
        table.add_column(titled(measure), justify="right")
    for point, rows in list(sweep.table.groupby(sweep.paths, sort=False))[:SHOWN]:
        means = dict(zip(rows["measure"], rows["mean"], strict=True))
        table.add_row(
            *map(str, point),
            *(said(m, means.get(name, math.nan)) for name, m in sweep.measures.items()),
        )
    yield table
    if points > SHOWN:
        yield Text(f"... and {points - SHOWN} more in table.csv", style="dim")
