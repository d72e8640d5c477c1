"""Panels that share the time axis: their place on the figure, the days below, faults behind."""

import math
import textwrap
from collections.abc import Callable, Iterator

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mlsim.report import style, wording
from mlsim.report.answer import Fault
from mlsim.report.folder import RunFolder

DAY = wording.DAY
_LINE = 0.17
_MINUTES = (1, 2, 5, 10, 30, 60, 120, 360, 720)
_STEPS = (*(minutes / 1440 for minutes in _MINUTES), 1, 2, 7, 14, 28, 91, 364)
"""Days from one tick to the next."""


class Panels:
    """A figure filled with panels from top to bottom, all over the same days.

    width: of the figure, in inches.
    heights: of the panels, in inches; each has a line above it for its title.
    named: the faults to name above the first panel.
    """

    GAP = 0.46
    BOTTOM = 0.66

    def __init__(
        self, run: RunFolder, width: float, heights: list[float], named: list[Fault]
    ) -> None:
        self.run = run
        self.narrow = style.is_narrow(width)
        self.left, self.right = (0.62, 0.42) if self.narrow else (0.75, 0.55)
        self.labels = _labels(named, run, width - self.left - self.right)
        self.top = 0.1 + _LINE * sum(len(lines) for _, lines in self.labels)
        self.height = self.top + sum(heights) + self.GAP * len(heights) + self.BOTTOM
        self.figure = Figure(figsize=(width, self.height))
        self._heights = heights

    def __iter__(self) -> Iterator[Axes]:
        """The panels from top to bottom; days are written below the last."""
        width = self.figure.get_figwidth()
        across = self.left / width, (width - self.left - self.right) / width
        above = self.top
        for index, height in enumerate(self._heights):
            above += self.GAP + height
            bottom = (self.height - above) / self.height
            axes = self.figure.add_axes((across[0], bottom, across[1], height / self.height))
            self._days(axes, last=index == len(self._heights) - 1)
            if index == 0:
                self._name_faults(axes)
            yield axes

    def _days(self, axes: Axes, *, last: bool) -> None:
        style.bare(axes)
        days = self.run.horizon_s / DAY
        axes.set_xlim(0, days)
        step = next((s for s in _STEPS if days / s <= (7 if self.narrow else 15)), days)
        by_clock = step < 1 and _begins_off_midnight(self.run.start)
        ticks = [step * i for i in range(math.floor(days / step) + 1)]
        words = [_tick(t, self.run.start, by_clock) if last else "" for t in ticks]
        axes.set_xticks(ticks, words)
        # Clear of the zero at the foot of the other axis.
        axes.tick_params(axis="x", pad=6)
        axes.grid(axis="x", color=style.LIGHT["hair"], linewidth=0.5)
        if last:
            unit = "simulated day" if step >= 1 else "simulated day and time"
            unit += ", and date (UTC)" if self.run.start else ""
            unit = "time and date (UTC)" if by_clock else unit
            axes.set_xlabel(unit, color=style.LIGHT["muted"], fontsize=8.5)

    def _name_faults(self, axes: Axes) -> None:
        """Names each fault above its band; a hairline leads down to where the fault began."""
        row = sum(len(lines) for _, lines in self.labels)
        for fault, lines in self.labels:
            begin = fault["at_s"] / DAY
            line, band = style.of_fault(self.run.number(fault["name"]))
            height = (axes.get_position().height) * self.height
            base = 1 + (self.GAP - 0.16 + _LINE * (row - len(lines))) / height
            where = axes.get_xaxis_transform()
            right = _room(fault, self.run, self.figure.get_figwidth() - self.left - self.right)
            flip = max(style.text_width(line) for line in lines) > right
            axes.text(
                begin,
                base,
                "\n".join(lines),
                transform=where,
                ha="right" if flip else "left",
                va="bottom",
                linespacing=1.3,
                color=style.LIGHT["ink"],
                # Another fault's hairline passes behind the words, not through them.
                bbox={"facecolor": band, "linewidth": 0, "pad": 0.5},
                zorder=5,
            )
            axes.plot(
                [begin, begin],
                [0, base + 0.05 / height],
                transform=where,
                color=line,
                linewidth=1.2,
                clip_on=False,
            )
            row -= len(lines)


def _labels(faults: list[Fault], run: RunFolder, width: float) -> list[tuple[Fault, list[str]]]:
    """Each fault with the lines of its title, wrapped to the wider side of its beginning."""
    labels = []
    for fault in faults:
        right = _room(fault, run, width)
        letters = int(max(right, width - right) / style.text_width("x"))
        labels.append((fault, textwrap.wrap(fault["title"], max(letters, 12))))
    return labels


def _room(fault: Fault, run: RunFolder, width: float) -> float:
    """Inches to the right of a fault's beginning."""
    return width * (1 - float(fault["at_s"]) / run.horizon_s)


def titled(axes: Axes, run: RunFolder, title: str, size: float = 9.0) -> Axes:
    """The panel with the bands of all faults, and a title above."""
    for fault in run.faults:
        shade(axes, run, fault)
    axes.set_title(title, loc="left", fontsize=size, pad=5)
    return axes


def round_numbers(axes: Axes, said: Callable[[float], str]) -> None:
    """A few round numbers at the side of a panel."""
    axes.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: said(value)))


def shade(axes: Axes, run: RunFolder, fault: Fault) -> None:
    """Shades the time of a fault in its colour; while it builds up, more lightly."""
    until = min(fault["until_s"] or run.horizon_s, run.horizon_s)
    full = min(fault["at_s"] + (fault["ramp_s"] or 0.0), until)
    _, band = style.of_fault(run.number(fault["name"]))
    for begin, end, alpha in ((fault["at_s"], full, 0.45), (full, until, 0.85)):
        axes.axvspan(begin / DAY, end / DAY, facecolor=band, alpha=alpha, linewidth=0, zorder=0)


def _begins_off_midnight(start: str | None) -> bool:
    """Whether no day of the run begins at midnight, so that a clock tells the time better."""
    return start is not None and f"{wording.utc(0.0, start):%H:%M}" != "00:00"


def _tick(day: float, start: str | None, by_clock: bool) -> str:
    is_whole = day == round(day)
    at = None if start is None else wording.utc(day * DAY, start)
    if not is_whole:
        return f"{at:%H:%M}" if by_clock else wording.day(day * DAY).rpartition(", ")[2]
    name = f"{at:%H:%M}" if by_clock else f"{day:.0f}"
    return name if at is None else f"{name}\n{wording.date(at)}"
