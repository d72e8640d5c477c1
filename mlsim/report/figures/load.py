"""Load: what clients sent and got, and whom it kept busy: how many were served, and waited."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlsim.report import style, wording
from mlsim.report.figures.panels import DAY, Panels, round_numbers, titled
from mlsim.report.figures.picture import Picture
from mlsim.report.folder import RunFolder

_MOST = 3
"""Components that are drawn, at most."""
_STEPS = 480
"""Steps from left to right, at most."""

Row = Mapping[str, Any]


def draw(run: RunFolder, width: float = style.WIDE) -> Figure:
    """A panel for all clients, and two for each component that was overloaded or changed size."""
    rows = pressed(run)[:_MOST]
    with style.applied():
        panels = Panels(run, width, [0.95] * (1 + 2 * len(rows)), named=run.faults)
        clients, *others = panels
        _answers(clients, run)
        for serving, waiting, row in zip(others[::2], others[1::2], rows, strict=True):
            _serving(serving, run, row)
            _waiting(waiting, run, row)
    return panels.figure


def pressed(run: RunFolder) -> list[Row]:
    """The components that were overloaded, or had more replicas at one time than at another; those
    with the longest queues first.
    """
    rows = [row for row in run.summary["components"] if _is_pressed(run, row)]
    return sorted(rows, key=lambda row: -_queue(run, row).max())


def _is_pressed(run: RunFolder, row: Row) -> bool:
    if row.get("room") is None:  # clients, components with room for everybody, and older runs
        return False
    up = run.scraped("up", component=row["name"])
    return up.nunique() > 1 or (bool(row["overloads"]) and not up.empty)


def _queue(run: RunFolder, row: Row) -> pd.Series:
    return run.scraped("queue_length", component=row["name"])


def _answers(axes: Axes, run: RunFolder) -> None:
    attempts = _rate(run.scraped("client_attempts_total"))
    answers = _rate(run.scraped("client_requests_total", outcome="ok"))
    _lines(axes, run, "Answers per second; grey: attempts", twin=attempts, run=answers)


def _serving(axes: Axes, run: RunFolder, row: Row) -> None:
    room = _held(run.scraped("up", component=row["name"]), "mean") * row["room"]
    served = _held(run.scraped("workers_busy", component=row["name"]), "mean")
    if row["overloads"]:
        _mark(axes, row["overload_from_s"], row["overload_until_s"] or run.horizon_s)
    _lines(axes, run, f"{row['name']}: being served; grey: capacity", twin=room, run=served)


def _waiting(axes: Axes, run: RunFolder, row: Row) -> None:
    longest = _held(_queue(run, row), "max")
    _lines(axes, run, f"{row['name']}: waiting, at most", run=longest)


def _mark(axes: Axes, begin: float, end: float) -> None:
    axes.plot(
        [begin / DAY, end / DAY],
        [1.0, 1.0],
        transform=axes.get_xaxis_transform(),
        color=style.LIGHT["ink"],
        linewidth=2.5,
        solid_capstyle="butt",
        clip_on=False,
    )


def _lines(axes: Axes, shown: RunFolder, title: str, **lines: pd.Series) -> None:
    """Lines in steps, each in the colour of a role, over the bands of the faults."""
    inches = axes.bbox.width / axes.figure.dpi
    titled(axes, shown, title, min(9.0, 9.0 * inches / style.text_width(title)))
    for role, steps in lines.items():
        edges = np.append(0.0, steps.index) / DAY
        axes.stairs(steps, edges, baseline=None, color=style.LIGHT[role], linewidth=1.5)
    axes.set_ylim(0.0, 1.08 * np.nanmax(pd.concat(lines), initial=0.0) or 1.0)
    round_numbers(axes, wording.number)


def _rate(counter: pd.Series) -> pd.Series:
    """How much a counter rose per second, in steps."""
    steps = _steps(counter.ffill().diff(), "sum")
    return steps / np.diff(steps.index, prepend=0.0)


def _held(gauge: pd.Series, of_several: str) -> pd.Series:
    """A gauge in steps: what a scrape has found holds until the next one."""
    return _steps(gauge.shift(), of_several)


def _steps(values: pd.Series, of_several: str) -> pd.Series:
    """Values, each of the time since the one before, in steps by the second at which they end."""
    after = values[values.index > 0]
    number = np.arange(after.size) // -(-after.size // _STEPS)
    steps = after.groupby(number).agg(of_several)
    return steps.set_axis(after.index.to_series().groupby(number).last())


def _shows(run: RunFolder) -> bool:
    return bool(pressed(run))


def caption(run: RunFolder) -> str:
    """What to see in the load, and how its lines came about."""
    rows = pressed(run)
    left = [row["name"] for row in rows[_MOST:]]
    rest = f" Shorter queues are not drawn: {wording.listed(left)}." if left else ""
    bar = " The bar: its worst overload." if any(row["overloads"] for row in rows) else ""
    return (
        "Components to which more came than they could serve, and those with more replicas at one "
        "time than at another. Where the blue line reaches the grey one, whoever comes waits."
        f"{bar} As scraped: answers and attempts count when their request is over; of each step "
        f"the longest queue is drawn, and the mean of all else.{rest}"
    )


LOAD = Picture("load", "What came, and what could be served", draw, _shows, caption)
