"""The system's graph: who calls whom, what models learn from, and how far each fault came in it."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.transforms import Affine2D

from mlsim.report import style, wording
from mlsim.report.answer import Fault
from mlsim.report.blast import origins, spread, told
from mlsim.report.figures.picture import Picture
from mlsim.report.figures.sheets import Point, Sheet, beside, sheet
from mlsim.report.folder import RunFolder
from mlsim.report.layers import Edge

_BOX = (1.08, 0.44)
"""Width and height of a box, in inches."""
_NOTE = 0.16
"""What a line of notes adds to the height of a box, in inches."""
_LINE = 0.17
_ELSE = "else"


@dataclass(frozen=True)
class Overlay:
    """What is drawn over the plain graph.

    origins: the nodes where something is broken. notes: a line in a box, by node. shares: how much
    of a box is filled, in [0, 1]. edges: those that are coloured. colours: of lines, of fillings.
    """

    origins: frozenset[str] = frozenset()
    notes: Mapping[str, str] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)
    edges: frozenset[Edge] = frozenset()
    colours: tuple[str, str] = style.of_fault(0)


def draw(run: RunFolder, width: float = style.WIDE) -> Figure:
    """The graph once for each fault, with what the fault has touched; plain if nothing broke."""
    graph, requests = run.summary["graph"], run.summary["requests"]["total"]
    if not run.faults:
        return picture(graph, width)
    overlays = [
        overlay(graph, fault, requests, style.of_fault(run.number(fault["name"])))
        for fault in run.faults
    ]
    words = [_words(fault, requests, width) for fault in run.faults]
    plan = _plan(graph, width, noted=True)
    heads = [_LINE * (len(lines) + 1) + 0.12 for lines in words]
    height = sum(heads) + len(heads) * (plan.height + 0.2) + _room_for_choices(graph, width)
    with style.applied():
        figure, top = Figure(figsize=(width, height)), 0.0
        for fault, drawn, lines, head in zip(run.faults, overlays, words, heads, strict=True):
            axes = _axes(figure, top, head + plan.height)
            axes.text(
                0.05, 0.1, fault["name"], va="center", fontweight="bold", color=drawn.colours[0]
            )
            for number, line in enumerate(lines, start=1):
                axes.text(0.05, 0.1 + _LINE * number, line, va="center", fontsize=8.5)
            _draw(axes, graph, plan, drawn, head)
            top += head + plan.height + 0.2
        _say_choices(figure, graph, width)
    return figure


def _words(fault: Fault, requests: int, width: float) -> list[str]:
    letters = int((width - 0.1) / style.text_width("x", 8.5))
    return textwrap.wrap(f"{wording.capital(fault['title'])}. {told(fault, requests)}", letters)


def picture(
    graph: Mapping[str, Any],
    width: float = style.WIDE,
    marks: Mapping[str, list[str]] | None = None,
) -> Figure:
    """A graph `{"nodes": [{"name", "kind"}], "edges": [{"from", "to", "aside"}]}` as a figure.

    marks: component name to what is written on it as broken.
    """
    notes = {name: ", ".join(broken) for name, broken in (marks or {}).items()}
    plan = _plan(graph, width, noted=bool(notes))
    below = _room_for_choices(graph, width)
    with style.applied():
        figure = Figure(figsize=(width, plan.height + below))
        drawn = Overlay(origins=frozenset(notes), notes=notes)
        _draw(_axes(figure, 0.0, plan.height), graph, plan, drawn, 0.0)
        _say_choices(figure, graph, width)
    return figure


def _numbers(graph: Mapping[str, Any]) -> dict[str, str]:
    """What stands at the edges of choices: a number for each condition, which is told below."""
    conditions = dict.fromkeys(edge.get("when") for edge in graph["edges"])
    longer = [when for when in conditions if when not in (None, _ELSE)]
    return {when: str(number) for number, when in enumerate(longer, start=1)}


def _choices(graph: Mapping[str, Any], width: float) -> list[str]:
    """The conditions by their numbers, in lines."""
    letters = int((width - 0.1) / style.text_width("x", 8.5))
    told = [f"{number}  {when}" for when, number in _numbers(graph).items()]
    return [line for one in told for line in textwrap.wrap(one, letters, subsequent_indent="   ")]


def _room_for_choices(graph: Mapping[str, Any], width: float) -> float:
    lines = _choices(graph, width)
    return _LINE * len(lines) + 0.1 if lines else 0.0


def _say_choices(figure: Figure, graph: Mapping[str, Any], width: float) -> None:
    """The conditions at the foot of a figure."""
    below = _room_for_choices(graph, width)
    for number, line in enumerate(_choices(graph, width)):
        up = below - _LINE * (number + 0.5)
        figure.text(0.05 / width, up / figure.get_figheight(), line, va="center", fontsize=8.5)


def overlay(
    graph: Mapping[str, Any], fault: Fault, requests: int, colours: tuple[str, str]
) -> Overlay:
    """One fault over the graph: where it sits, and what it has touched."""
    found = spread(graph, fault, requests)
    notes = {name: f"{wording.percent(share)} of rows" for name, share in found.shares.items()}
    notes |= {name: wording.counted(count, "version") for name, count in found.versions.items()}
    for origin in origins(fault):
        notes.setdefault(origin, fault["name"])
    return Overlay(
        frozenset(origins(fault)),
        notes,
        {**found.shares, **dict.fromkeys(found.versions, 1.0)},
        found.edges,
        colours,
    )


def _plan(graph: Mapping[str, Any], width: float, *, noted: bool) -> Sheet:
    return sheet(graph, width, (_BOX[0], _BOX[1] + (_NOTE if noted else 0.0)))


def _axes(figure: Figure, top: float, height: float) -> Axes:
    """Axes over the whole width, in inches, so far from the top."""
    width, whole = figure.get_size_inches()
    axes = figure.add_axes((0, 1 - (top + height) / whole, 1, height / whole))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    return axes


def _draw(axes: Axes, graph: Mapping[str, Any], plan: Sheet, drawn: Overlay, below: float) -> None:
    """The graph into axes, so far below their upper edge."""
    numbers = _numbers(graph)
    for edge in sorted(graph["edges"], key=lambda e: (e["from"], e["to"]) in drawn.edges):
        _edge(axes, plan, edge, drawn, below)
    for edge in graph["edges"]:
        if when := edge.get("when"):
            x, y = beside(plan.path((edge["from"], edge["to"])))
            _label(axes, (x, y + below), numbers.get(when, when))
    for node in graph["nodes"]:
        x, y = plan.at(node["name"])
        _node(axes, (x, y + below), plan.box, node, drawn)


def _edge(axes: Axes, plan: Sheet, edge: Mapping[str, Any], drawn: Overlay, below: float) -> None:
    ends = edge["from"], edge["to"]
    path = plan.path(ends).transformed(Affine2D().translate(0, below))
    learns, coloured = edge.get("model") is not None, ends in drawn.edges
    arrow = FancyArrowPatch(
        path=path,
        arrowstyle="-|>,head_width=2.2,head_length=4.5",
        linestyle=(0, (3, 2.5)) if edge["aside"] else "-",
        color=drawn.colours[0] if coloured else style.LIGHT["muted"],
        linewidth=1.9 if coloured else 0.8 if learns else 1.1,
        joinstyle="round",
        capstyle="butt",
    )
    axes.add_patch(arrow)


def _label(axes: Axes, at: Point, text: str) -> None:
    """A word on an edge, or a number in a circle."""
    shape = "circle,pad=0.2" if text.isdigit() else "square,pad=0.1"
    edge = style.LIGHT["muted"] if text.isdigit() else "none"
    box = {"boxstyle": shape, "facecolor": style.LIGHT["paper"], "edgecolor": edge}
    colour = style.LIGHT["muted"]
    axes.text(*at, text, ha="center", va="center", fontsize=7.5, color=colour, bbox=box)


def _node(axes: Axes, at: Point, size: Point, node: Mapping[str, Any], drawn: Overlay) -> None:
    (x, y), (wide, high), name = at, size, node["name"]
    line, filling = drawn.colours
    broken = name in drawn.origins
    share = drawn.shares.get(name, 0.0)
    _box(axes, at, size, facecolor=style.LIGHT["node"], linewidth=0)
    if share:
        part = _box(axes, at, size, facecolor=filling, linewidth=0)
        corner = x - wide / 2, y - high / 2
        part.set_clip_path(Rectangle(corner, wide * share, high, transform=axes.transData))
    frame = line if broken or share else style.LIGHT["hair"]
    _box(axes, at, size, facecolor="none", edgecolor=frame, linewidth=2.4 if broken else 0.8)
    note = drawn.notes.get(name, "")
    top = y - 0.075 - (_NOTE / 2 if note else 0.0)
    _line(axes, (x, top), name, wide, size=8.5)
    _line(axes, (x, top + 0.17), node["kind"], wide, size=7.5, role="muted")
    if note:
        _line(axes, (x, top + 0.35), note, wide, size=8.0, weight="bold")


def _box(axes: Axes, at: Point, size: Point, **look: Any) -> FancyBboxPatch:
    (x, y), (wide, high) = at, size
    corner = x - wide / 2, y - high / 2
    box = FancyBboxPatch(corner, wide, high, boxstyle="round,pad=0,rounding_size=0.07", **look)
    axes.add_patch(box)
    return box


def _line(
    axes: Axes,
    at: Point,
    text: str,
    wide: float,
    *,
    size: float,
    role: str = "ink",
    weight: str = "normal",
) -> None:
    """A line in a box, smaller if it would not fit."""
    fitting = size * (wide - 0.06) / style.text_width(text, size)
    colour = style.LIGHT[role]
    size = min(size, fitting)
    axes.text(*at, text, ha="center", va="center", fontsize=size, color=colour, fontweight=weight)


def caption(run: RunFolder) -> str:
    """What to see in the graph."""
    ways = (
        "Requests run along the arrows, the line over the top brings the reply back; nobody waits "
        "for what is dashed: what is reported, what models learn from, their new versions, and who "
        "looks after replicas."
    )
    if _numbers(run.summary["graph"]):
        ways += " A number tells which requests take an arrow."
    if not run.faults:
        return ways
    return (
        "Thick frame: where the fault sits. A box is filled as far as the share of the run's rows "
        "that the fault touched there; a trainer's tells how many versions it fitted on such rows. "
        "Coloured arrows carried touched rows, or versions fitted on them or held back. By "
        f"lineage, in the world of each fault alone. {ways}"
    )


GRAPH = Picture(
    "graph", "How far it reached", draw, lambda run: bool(run.summary["graph"]["nodes"]), caption
)
