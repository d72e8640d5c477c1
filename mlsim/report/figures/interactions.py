"""The figure of a study of interactions: who with whom, and how it goes alone and together."""

from itertools import combinations
from unicodedata import name

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mlsim.engine.columns import Rows
from mlsim.report import style
from mlsim.scenario.expressions import names
from mlsim.scenario.tree import substituted
from mlsim.studies.interaction_run import ProductRun
from mlsim.studies.interactions import Interaction, Study

PANELS = 4
"""Interactions that are drawn over time, at most."""
_UNITS = (("d", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0))
_TALL = 2
"""Rows of panels that the matrix is as tall as."""
_LONG = 26
_GLYPHS = 0x2100
"""Characters from here on may have no glyph in the font of figures."""


def draw(study: Study) -> Figure:
    """A matrix of pairs, where there are more than two features; a panel for each interaction."""
    found = list({one.features: one for one in reversed(study.found)}.values())[::-1][:PANELS]
    has_matrix = len(study.scenario.world.features) > 2
    places = (
        _places(len(found)) if has_matrix else [(row, slice(0, 2)) for row in range(len(found))]
    )
    rows = max([row + 1 for row, _ in places], default=1)
    height = max(2.2 * rows if found else 0.0, 4.2 if has_matrix else 0.0, 2.4)
    with style.applied():
        figure = Figure(figsize=(style.WIDE, height), layout="constrained")
        grid = figure.add_gridspec(rows, 2)
        if has_matrix:
            corner = grid[:_TALL, 0 if found else slice(0, 2)]
            # A grid of its own: else its margins would be those of the panels below it.
            _matrix(figure.add_subplot(corner.subgridspec(1, 1)[0]), study)
        for (row, columns), one in zip(places, found, strict=True):
            _panel(figure.add_subplot(grid[row, columns]), study, one)
        return figure


def _places(panels: int) -> list[tuple[int, slice]]:
    """Row and columns of each panel: beside the matrix as far as it reaches, then below it."""
    beside = min(panels, _TALL)
    below = [(_TALL + k // 2, slice(k % 2, k % 2 + 1)) for k in range(panels - beside)]
    if len(below) % 2:  # nobody stands beside the last one
        below[-1] = (below[-1][0], slice(0, 2))
    return [*((row, slice(1, 2)) for row in range(beside)), *below]


def _titles(study: Study) -> list[str]:
    return [feature.title or name for name, feature in study.scenario.world.features.items()]


def _matrix(axes: Axes, study: Study) -> None:
    features = list(study.scenario.world.features)
    bad = {frozenset(pair) for one in study.found for pair in combinations(one.features, 2)}
    warned = {frozenset(one.features) for one in study.warnings}
    for column, row in combinations(range(len(features)), 2):
        pair = frozenset({features[column], features[row]})
        fill, mark = style.LIGHT["node"], ""
        if pair in bad:
            fill, mark = style.LIGHT["fault-4"], "✗"
        elif pair in warned:
            fill, mark = style.LIGHT["band-1"], "?"
        axes.add_patch(Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, color=fill))
        axes.text(column, row, mark, ha="center", va="center", fontsize=11)
    titles, last = _titles(study), len(features) - 1
    axes.set_xlim(-0.6, last - 0.4)
    axes.set_ylim(last + 0.6, 0.4)
    axes.set_aspect("equal", anchor="N")
    axes.set_xticks(range(last), titles[:-1], rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(1, last + 1), titles[1:])
    style.bare(axes)
    axes.spines["bottom"].set_visible(False)
    axes.set_title("✗ interact   ? warned of, no harm in runs", loc="left", fontsize=9)


def _panel(axes: Axes, study: Study, one: Interaction) -> None:
    promise = study.scenario.world.features[one.owner].requires[one.number]
    inside = substituted(promise.holds, study.scenario.world.drivers)
    state = next(name for name in names(inside) if name in study.scenario.world.state)
    begin = min([deed.time for deed in one.trace], default=0.0)
    span = max(one.at - begin, study.scenario.horizon / 200)
    times = np.linspace(max(begin - 0.3 * span, 0.0), one.at + 0.5 * span, 600)
    alone = study.runs[one.owner,][0]
    worst = min(study.runs[one.features], key=lambda run: run.verdicts[one.key].at)
    titles = dict(zip(study.scenario.world.features, _titles(study), strict=True))
    lines = {
        f"{titles[one.owner]}\nalone": (_over_time(alone, state, times), style.LIGHT["twin"], "--"),
        "together": (_over_time(worst, state, times), style.LIGHT["run"], "-"),
    }
    unit, scale = next(row for row in _UNITS if times[-1] > 3 * row[1] or row[1] == 1.0)
    levels = _levels([values for values, _, _ in lines.values()])
    for label, (values, colour, dashes) in lines.items():
        heights = [levels[str(v)] for v in values] if levels else values
        drawn = "steps-post" if levels else "default"
        axes.plot(times / scale, heights, color=colour, ls=dashes, label=label, drawstyle=drawn)
    axes.axvline(one.at / scale, color=style.LIGHT["fault-4"], lw=1, label="promise broken")
    if levels:
        axes.set_yticks(list(levels.values()), [_short(text) for text in levels])
        axes.set_ylim(-0.4, len(levels) - 0.6)
    who = " + ".join(titles[name] for name in one.features)
    shown = study.scenario.world.state[state]
    of = f"{state}, {shown.unit}" if shown.unit else state
    axes.set_title(f"{who}: {of}", loc="left", fontsize=9)
    axes.set_xlabel(unit, loc="right", color=style.LIGHT["muted"], labelpad=1)
    style.bare(axes)
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _over_time(run: ProductRun, state: str, times: np.ndarray) -> list[float | str]:
    rows = Rows(np.zeros(times.size, np.int64), times, {})
    return list(run.states[state](rows).tolist())


def _levels(lines: list[list[float | str]]) -> dict[str, int]:
    """Heights of texts, in the order of their appearance; none for numbers."""
    texts = dict.fromkeys(value for line in lines for value in line if isinstance(value, str))
    return {text: height for height, text in enumerate(texts)}


def _short(text: str) -> str:
    """The end of a text, where what matters happens; glyphs that no font here has are spelt out."""
    plain = "".join(c if ord(c) < _GLYPHS else f"({name(c, '?').lower()})" for c in text)
    if not plain:
        return "(empty)"
    return plain if len(plain) <= _LONG else f"…{plain[1 - _LONG :]}"
