"""The look of mlsim's figures: one palette for light and dark, thin axes, labels beside the lines.

Colours are Okabe and Ito's, told apart by colour-blind readers ("Color Universal Design", 2008);
no figure relies on colour alone.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from matplotlib import rc_context
from matplotlib.axes import Axes

WIDE = 9.6
"""Width of a figure on a screen or on paper, in inches."""
NARROW = 4.0
"""Width of a figure on a phone, in inches."""

LIGHT = {
    "paper": "#fefefd",
    "ink": "#1b2330",
    "muted": "#5b6675",
    "hair": "#d5dae1",
    "run": "#0072b2",
    "twin": "#8b93a0",
    "gap": "#bfdcec",
    "fault-1": "#e69f00",
    "band-1": "#fbeccb",
    "fault-2": "#9c4a7c",
    "band-2": "#f1dfe9",
    "fault-3": "#009e73",
    "band-3": "#d3efe5",
    "fault-4": "#d55e00",
    "band-4": "#fce6d9",
    "caught": "#cfe9df",
    "caught-ink": "#00614a",
    "node": "#f2f4f7",
}
"""Roles and their colours on white. Each colour has one role, so that `themed` can find it."""

DARK = {
    "paper": "#14181f",
    "ink": "#e8ebf0",
    "muted": "#a3adba",
    "hair": "#39424f",
    "run": "#56b4e9",
    "twin": "#8b93a1",
    "gap": "#1f4a66",
    "fault-1": "#f0b030",
    "band-1": "#3d3017",
    "fault-2": "#dd94bd",
    "band-2": "#40283a",
    "fault-3": "#3fc59b",
    "band-3": "#15392f",
    "fault-4": "#ff8a3c",
    "band-4": "#47290f",
    "caught": "#17443a",
    "caught-ink": "#7fd6bb",
    "node": "#222934",
}

FAULTS = 4
"""Faults that have a colour of their own; more begin again with the first."""

# A figure is laid out in DejaVu Sans, which comes with matplotlib, and shown in the reader's own
# sans-serif: these are all narrower, so nothing can run over.
_FONTS = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
_LAYOUT_FONT = "DejaVu Sans"


@contextmanager
def applied(salt: str = "mlsim") -> Iterator[None]:
    """Applies the style inside a `with` block; `salt` makes the ids of an SVG repeatable."""
    with rc_context(
        {
            "font.family": [_LAYOUT_FONT],
            "font.size": 9.0,
            "text.color": LIGHT["ink"],
            "axes.facecolor": "none",
            "figure.facecolor": LIGHT["paper"],
            "savefig.facecolor": LIGHT["paper"],
            "hatch.color": LIGHT["muted"],
            "hatch.linewidth": 0.6,
            "lines.linewidth": 1.5,
            "lines.solid_capstyle": "round",
            "path.simplify": True,
            "svg.fonttype": "none",
            "svg.hashsalt": salt,
        }
    ):
        yield


def of_fault(index: int) -> tuple[str, str]:
    """The colours of a scenario's faults in turn: of lines and marks, and of bands behind them."""
    number = index % FAULTS + 1
    return LIGHT[f"fault-{number}"], LIGHT[f"band-{number}"]


def is_narrow(width: float) -> bool:
    """Whether a figure of this width, in inches, is laid out for a phone."""
    return width < (WIDE + NARROW) / 2


def bare(axes: Axes) -> None:
    """Leaves of the frame a hairline at the bottom, and quiet tick labels."""
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set(color=LIGHT["hair"], linewidth=0.8)
    axes.tick_params(length=0, colors=LIGHT["muted"], labelsize=8.5)
    axes.set_axisbelow(True)


def text_width(text: str, size: float = 9.0) -> float:
    """About how wide the longest line of a text will be, in inches, at a font size in points."""
    return max(map(len, text.splitlines()), default=0) * 0.63 * size / 72


def themed(svg: str) -> str:
    """An SVG whose colours follow the page's CSS variables and whose text is in the page's font.

    >>> themed('<path style="fill: #0072b2"/>')
    '<path style="fill: var(--run)"/>'
    """
    for role, colour in LIGHT.items():
        svg = svg.replace(colour, f"var(--{role})")
    return re.sub(rf"'{_LAYOUT_FONT}'(, [^;\"]*)?", _FONTS, svg)


def css(palette: dict[str, str]) -> str:
    """A palette as CSS declarations.

    >>> css({"ink": "#000001"})
    '--ink: #000001;'
    """
    return " ".join(f"--{role}: {colour};" for role, colour in palette.items())
