"""What a figure of the report is: how it is drawn, when, and what its caption says."""

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from mlsim.report.folder import RunFolder


@dataclass(frozen=True)
class Picture:
    """One figure of the report.

    name: file name without suffix, and prefix of the ids in its SVG.
    title: heading in the report.
    draw: makes the figure for a width in inches; a narrow one is laid out for a phone.
    shows: whether the run has anything for it to show.
    caption: what to see in it, and how its numbers came about.
    """

    name: str
    title: str
    draw: Callable[[RunFolder, float], Figure]
    shows: Callable[[RunFolder], bool]
    caption: Callable[[RunFolder], str]
