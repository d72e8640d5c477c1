"""Scorecard: which rule noticed which fault and after how long, and how often it cried wolf."""

import textwrap
from math import inf
from typing import Literal, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from mlsim.report import style, wording
from mlsim.report.answer import Fault, has_twin, overloaded_anyway
from mlsim.report.figures.picture import Picture
from mlsim.report.folder import RunFolder
from mlsim.report.wording import DAY

_ROW = 0.36
_LINE = 0.16
_NAMES = 0.36
"""Share of the width that the rules' names take, where there is room for them beside the cells."""
_LEAST = 0.66
"""Least width of a column, in inches."""


class Cell(NamedTuple):
    """One field of the matrix: what it says, and whether the rule noticed the fault in time."""

    text: str
    noticed: bool
    first: bool


class _Grid:
    """Where things are, in inches: the rules' names left of their cells, on a phone above them."""

    def __init__(self, width: float, columns: int) -> None:
        self.stacked = style.is_narrow(width)
        self.names = 0.0 if self.stacked else width * _NAMES
        self.room_for_name = width if self.stacked else self.names
        # Columns that don't fit beside each other go below, with the rules again.
        self.abreast = min(int((width - self.names) / _LEAST), columns)
        self.across = (width - self.names) / self.abreast
        self.row = _ROW + (_LINE if self.stacked else 0.0)

    def middle(self, column: int) -> float:
        return self.names + self.across * (column + 0.5)


def draw(run: RunFolder, width: float = style.WIDE) -> Figure:
    """A row for each rule, a column for each fault, and one for false alarms."""
    columns: list[Fault | None] = [*run.faults, None]
    grid = _Grid(width, len(columns))
    blocks = [columns[i : i + grid.abreast] for i in range(0, len(columns), grid.abreast)]
    rules = list(run.detection["rule"].unique())
    heads = [_head(block, grid, run) for block in blocks]
    height = sum(heads) + len(blocks) * (grid.row * len(rules) + 0.1)
    with style.applied():
        figure = Figure(figsize=(width, height))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, width), ylim=(height, 0))
        axes.axis("off")
        top = 0.0
        for block, head in zip(blocks, heads, strict=True):
            top += head
            for column, fault in enumerate(block):
                name = _column_name(fault, grid, run)
                _say(
                    axes,
                    grid.middle(column),
                    top - 0.08,
                    name,
                    va="bottom",
                    role="muted",
                    room=grid.across - 0.04,
                )
            for rule in rules:
                _row(axes, grid, top, rule, block, run)
                top += grid.row
            top += 0.1
    return figure


def _head(block: list[Fault | None], grid: _Grid, run: RunFolder) -> float:
    return 0.15 + _LINE * max(len(_column_name(fault, grid, run).splitlines()) for fault in block)


def _column_name(fault: Fault | None, grid: _Grid, run: RunFolder) -> str:
    """The fault's name, broken where its words are joined; no fault: the false alarms."""
    if fault is None:
        name = "without\na fault" if overloaded_anyway(run.summary) else "false alarms"
        return f"{name}\n(a day)" if run.horizon_s >= DAY else name
    letters = int(grid.across / style.text_width("x", 8.5))
    lines = textwrap.wrap(fault["name"].replace("_", "_ "), letters)
    return "\n".join(lines).replace("_ ", "_")


def _row(
    axes: Axes, grid: _Grid, top: float, rule: str, block: list[Fault | None], run: RunFolder
) -> None:
    rows = run.detection[run.detection["rule"] == rule]
    axes.axhline(top, color=style.LIGHT["hair"], linewidth=0.6)
    # The cells stand at the foot of the row; the name beside them, or above.
    middle = top + grid.row - _ROW / 2
    name = top + 0.13 if grid.stacked else middle
    _name(axes, rule, rows["severity"].iloc[0], name, grid.room_for_name)
    for column, fault in enumerate(block):
        if fault is None:
            text = f"{rows['false_alarms'].iloc[0]:.0f}"
            if text != "0" and run.horizon_s >= DAY:
                text += f" ({wording.number(round(rows['false_alarms_per_day'].iloc[0], 2))})"
            cell = Cell(text, noticed=False, first=False)
        else:
            cell = _cell(run, fault, rule)
        _field(axes, cell, grid.middle(column), middle, grid.across)


def _say(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    va: Literal["center", "bottom"] = "center",
    role: str = "ink",
    *,
    bold: bool = False,
    room: float = inf,
) -> None:
    """Writes around x; smaller, if the text is wider than `room` in inches."""
    # Bold letters are wider by a tenth or so.
    size = 8.5 * min(1.0, room / style.text_width(text, 9.5 if bold else 8.5))
    weight = "bold" if bold else "normal"
    colour = style.LIGHT[role]
    axes.text(x, y, text, ha="center", va=va, fontsize=size, color=colour, fontweight=weight)


def _name(axes: Axes, rule: str, severity: str, middle: float, room: float) -> None:
    """A rule's name and at the right its severity; smaller, if both are wider than `room`."""
    size = min(8.5, 8.5 * (room - 0.25) / style.text_width(f"{rule}{severity}", 8.5))
    axes.text(0.02, middle, rule, va="center", fontsize=size)
    colour = style.LIGHT["muted"]
    axes.text(room - 0.12, middle, severity, ha="right", va="center", fontsize=size, color=colour)


def _cell(run: RunFolder, fault: Fault, rule: str) -> Cell:
    """Reads a field; a rule that is the fault's quickest one is marked as first."""
    table = run.detection
    noticed = table[(table["fault"] == fault["name"]) & table["detected"]]
    own = noticed[noticed["rule"] == rule]
    if own.empty:
        return Cell("missed", noticed=False, first=False)
    taken, firing = own["time_to_detect_s"].min(), own["firing_s"].min()
    late = fault["until_s"] is not None and firing > fault["until_s"]
    text = wording.duration(taken) + ("\n(late)" if late else "")
    return Cell(text, noticed=not late, first=bool(taken == noticed["time_to_detect_s"].min()))


def _field(axes: Axes, cell: Cell, x: float, y: float, across: float) -> None:
    if cell.noticed:
        box = FancyBboxPatch(
            (x - across / 2 + 0.07, y - _ROW / 2 + 0.06),
            across - 0.14,
            _ROW - 0.12,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor=style.LIGHT["caught"],
            linewidth=0,
        )
        axes.add_patch(box)
    role = "caught-ink" if cell.noticed else "muted" if cell.text == "missed" else "ink"
    _say(axes, x, y, cell.text, role=role, bold=cell.first, room=across - 0.12)


def caption(run: RunFolder) -> str:
    """What to see in the scorecard."""
    own = f"the twin's own in {wording.duration(run.horizon_s)}"
    twins = f"False alarms are {own}"
    if overload := overloaded_anyway(run.summary):
        twins = f"Without a fault: {own}; {overload}"
    return (
        "Filled: the rule noticed the fault, after the time that is written there; bold: the first "
        "to notice; late: only after the fault had ended. An alert counts for a fault if it begins "
        "to fire in that fault's world while the twin's isn't firing. "
        f"{twins}. One run: no interval."
    )


def _shows(run: RunFolder) -> bool:
    # Without a twin no alert can be counted for a fault or against a rule.
    return has_twin(run.summary) and bool(run.faults) and not run.detection.empty


SCORECARD = Picture("scorecard", "Which rule noticed what", draw, _shows, caption)
