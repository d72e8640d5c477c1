"""Scorecard: which rule noticed which fault and after how long, and how often it cried wolf."""

import textwrap
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from mlsim.report import style, wording
from mlsim.report.answer import Fault, has_twin
from mlsim.report.figures.picture import Picture
from mlsim.report.folder import RunFolder

_ROW = 0.36
_LINE = 0.16
_NAMES = 0.36
"""Share of the width that the rules' names take."""
_ALARMS = "false alarms\n(a day)"


class Cell(NamedTuple):
    """One field of the matrix: what it says, and whether the rule noticed the fault in time."""

    text: str
    noticed: bool
    first: bool


class _Grid(NamedTuple):
    """Columns of one width, to the right of the rules' names; all in inches."""

    width: float
    columns: int

    @property
    def across(self) -> float:
        return self.width * (1 - _NAMES) / self.columns

    def middle(self, column: int) -> float:
        return self.width * _NAMES + self.across * (column + 0.5)


def draw(run: RunFolder, width: float = style.WIDE) -> Figure:
    """A row for each rule, a column for each fault, and one for false alarms."""
    rules = list(run.detection["rule"].unique())
    columns = [*(fault["name"] for fault in run.faults), _ALARMS]
    grid = _Grid(width, len(columns))
    heads = [_wrapped(name, grid.across) for name in columns]
    head = 0.15 + _LINE * max(len(text.splitlines()) for text in heads)
    height = head + _ROW * len(rules) + 0.1
    with style.applied():
        figure = Figure(figsize=(width, height))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, width), ylim=(height, 0))
        axes.axis("off")
        for column, text in enumerate(heads):
            _say(axes, grid.middle(column), head - 0.1, text, va="bottom", role="muted")
        for row, rule in enumerate(rules):
            _row(axes, grid, head + _ROW * row, rule, run)
    return figure


def _row(axes: Axes, grid: _Grid, top: float, rule: str, run: RunFolder) -> None:
    rows = run.detection[run.detection["rule"] == rule]
    middle = top + _ROW / 2
    axes.axhline(top, color=style.LIGHT["hair"], linewidth=0.6)
    _name(axes, rule, rows["severity"].iloc[0], middle, grid.width)
    for column, fault in enumerate(run.faults):
        cell = _cell(run, fault, rule)
        _field(axes, cell, grid.middle(column), middle, grid.across)
    alarms = _alarms(rows["false_alarms"].iloc[0], rows["false_alarms_per_day"].iloc[0])
    _say(axes, grid.middle(len(run.faults)), middle, alarms)


def _wrapped(name: str, across: float) -> str:
    # Names of faults are words joined by underscores: break there, if anywhere.
    letters = max(int(across / style.text_width("x", 8.5)), 6)
    lines = [
        line
        for part in name.splitlines()
        for line in textwrap.wrap(part.replace("_", "_ "), letters)
    ]
    return "\n".join(lines).replace("_ ", "_")


def _say(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    va: str = "center",
    role: str = "ink",
    bold: bool = False,
) -> None:
    weight = "bold" if bold else "normal"
    colour = style.LIGHT[role]
    axes.text(x, y, text, ha="center", va=va, fontsize=8.5, color=colour, fontweight=weight)


def _name(axes: Axes, rule: str, severity: str, middle: float, width: float) -> None:
    """A rule's name, with the severity beside it, or below it where there is no room."""
    beside = style.text_width(f"{rule}  {severity}") < width * _NAMES
    shift = 0.0 if beside else 0.075
    axes.text(0.02, middle - shift, rule, va="center", fontsize=8.5 if beside else 8.0)
    colour = style.LIGHT["page" if severity == "page" else "ticket"]
    x = width * _NAMES - 0.12 if beside else 0.02
    axes.text(
        x, middle + shift, severity, ha="right" if beside else "left", va="center",
        fontsize=8.0 if beside else 7.5, color=colour,
    )  # fmt: skip


def _cell(run: RunFolder, fault: Fault, rule: str) -> Cell:
    """Reads a field; a rule that is the fault's quickest one is marked as first."""
    table = run.detection
    noticed = table[(table["fault"] == fault["name"]) & table["detected"]]
    own = noticed[noticed["rule"] == rule]
    if own.empty:
        return Cell("missed", noticed=False, first=False)
    taken, firing = own["time_to_detect_s"].min(), own["firing_s"].min()
    late = fault["until_s"] is not None and firing > fault["until_s"]
    text = wording.duration(taken) + (" (late)" if late else "")
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
    _say(axes, x, y, cell.text, role=role, bold=cell.first)


def _alarms(count: float, per_day: float) -> str:
    if not count:
        return "0"
    return f"{count:.0f} ({wording.number(round(per_day, 2))})"


def caption(run: RunFolder) -> str:
    """What to see in the scorecard."""
    return (
        "Filled: the rule noticed the fault, after the time that is written there; bold: the first "
        "to notice; late: only after the fault had ended. An alert counts for a fault if it fires "
        "in that fault's world and not in the twin within one evaluation interval. False alarms "
        f"are the twin's own in {wording.duration(run.horizon_s)}. One run: no interval."
    )


def _shows(run: RunFolder) -> bool:
    # Without a twin no alert can be counted for a fault or against a rule.
    return has_twin(run.summary) and bool(run.faults) and not run.detection.empty


SCORECARD = Picture("scorecard", "Which rule noticed what", draw, _shows, caption)
