"""The system's graph in layers: who calls whom, what nobody waits for, where the faults sit."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from mlsim.report import style
from mlsim.report.figures.picture import Picture
from mlsim.report.folder import RunFolder
from mlsim.report.layers import Layout, Place, layout, parted

Point = tuple[float, float]
_BOX = (1.08, 0.44)
"""Width and height of a box, in inches."""
_NOTE = 0.16
"""What a line for the faults adds to the height of a box, in inches."""
_SIDE = 0.2
"""Room for a reply's line beside the flow, in inches."""
_TITLE = 0.3
"""Height of the line over the nodes that are not in the flow, in inches."""
_GAP = 0.26
"""Least distance between two layers, in inches."""


class _Sheet:
    """Turns places in layers into inches: from left to right if that fits, else downwards."""

    def __init__(self, plan: Layout, loose: int, width: float, box: Point) -> None:
        self.plan, self.width = plan, width
        self.rightward = plan.depth * (box[0] + _GAP) - _GAP + 2 * _SIDE <= width
        # A row of many nodes squeezes its boxes rather than run over the edge.
        squeezed = min(box[0], (width - 4 * _SIDE) / max(plan.breadth, 1) - 0.1)
        self.box = (box[0] if self.rightward else squeezed, box[1])
        spare = (width - 2 * _SIDE - plan.depth * box[0]) / max(plan.depth - 1, 1)
        # From box to box along the flow, and across it.
        self.along = self.box[0] + min(spare, 0.9) if self.rightward else box[1] + 0.36
        self.across = box[1] + 0.3 if self.rightward else self.box[0] + 0.1
        lanes, step = (plan.breadth, self.across) if self.rightward else (plan.depth, self.along)
        self.flow = lanes * step * bool(plan.places)
        if self.rightward and plan.back:
            self.flow += 0.3
        self.abreast = int((width - 2 * _SIDE) / (self.box[0] + 0.1))
        rows = -(-loose // self.abreast)
        self.height = self.flow + rows * (box[1] + 0.1) + (_TITLE if rows else 0.0)

    def beside(self, index: int) -> Point:
        """The middle of a node that is not in the flow: in rows below it."""
        row, column = divmod(index, self.abreast)
        x = 0.05 + self.box[0] / 2 + column * (self.box[0] + 0.1)
        return x, self.flow + _TITLE + self.box[1] / 2 + row * (self.box[1] + 0.1)

    def point(self, place: Place) -> Point:
        """The middle of a place, in inches from the top left corner."""
        if self.rightward:
            x = self.width / 2 + (place.layer - (self.plan.depth - 1) / 2) * self.along
            return x, self.plan.breadth * self.across / 2 + place.across * self.across
        return self.width / 2 + place.across * self.across, self.along * (place.layer + 0.5)

    def out(self, place: Place) -> Point:
        """Where an edge leaves the box at a place."""
        x, y = self.point(place)
        return (x + self.box[0] / 2, y) if self.rightward else (x, y + self.box[1] / 2)

    def into(self, place: Place) -> Point:
        """Where an edge enters the box at a place."""
        x, y = self.point(place)
        return (x - self.box[0] / 2, y) if self.rightward else (x, y - self.box[1] / 2)


def draw(run: RunFolder, width: float = style.WIDE) -> Figure:
    """The graph of a run, with its faults marked on their components."""
    marks: dict[str, list[str]] = {}
    for fault in run.faults:
        marks.setdefault(fault["component"], []).append(fault["name"])
    return picture(run.summary["graph"], width, marks)


def picture(
    graph: Mapping[str, Any],
    width: float = style.WIDE,
    marks: Mapping[str, list[str]] | None = None,
) -> Figure:
    """A graph `{"nodes": [{"name", "kind"}], "edges": [{"from", "to", "aside"}]}` as a figure.

    marks: component name to what is written on it as broken.
    """
    marks = marks or {}
    joined, loose = parted(graph)
    box = _BOX[0], _BOX[1] + (_NOTE if marks else 0.0)
    sheet = _Sheet(layout(joined), len(loose), width, box)
    with style.applied():
        figure = Figure(figsize=(width, sheet.height))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, width), ylim=(sheet.height, 0))
        axes.axis("off")
        for edge in graph["edges"]:
            _edge(axes, sheet, (edge["from"], edge["to"]), aside=edge["aside"])
        for node in joined["nodes"]:
            at = sheet.point(sheet.plan.places[node["name"]])
            _node(axes, at, sheet.box, node, marks.get(node["name"], []))
        for index, node in enumerate(loose):
            _node(axes, sheet.beside(index), sheet.box, node, marks.get(node["name"], []))
        if loose:
            title, colour = "not in the flow of requests:", style.LIGHT["muted"]
            axes.text(0.05, sheet.flow + _TITLE / 2, title, va="center", color=colour)
    return figure


def _edge(axes: Axes, sheet: _Sheet, edge: tuple[str, str], *, aside: bool) -> None:
    back = edge in sheet.plan.back
    path = _around(sheet, edge) if back else _along(sheet, sheet.plan.routes[edge])
    arrow = FancyArrowPatch(
        path=path,
        arrowstyle="-|>,head_width=2.2,head_length=4.5",
        linestyle=(0, (3, 2.5)) if aside else "-",
        color=style.LIGHT["muted"],
        linewidth=0.8 if back else 1.1,
        joinstyle="round",
        capstyle="butt",
    )
    axes.add_patch(arrow)


def _along(sheet: _Sheet, route: list[Place]) -> Path:
    """A smooth way through the layers: it leaves and enters along the flow's direction."""
    points: list[Point] = [sheet.out(route[0])]
    codes = [Path.MOVETO]
    for place in route[1:]:
        last, end = points[-1], sheet.into(place)
        if sheet.rightward:
            half = (last[0] + end[0]) / 2
            points += [(half, last[1]), (half, end[1]), end]
        else:
            half = (last[1] + end[1]) / 2
            points += [(last[0], half), (end[0], half), end]
        codes += [Path.CURVE4] * 3
        if place is not route[-1]:
            points.append(sheet.out(place))
            codes.append(Path.LINETO)
    return Path(points, codes)


def _around(sheet: _Sheet, edge: tuple[str, str]) -> Path:
    """The way back of a reply: round the outside of everything, and past its own layer's boxes."""
    plan, (wide, high) = sheet.plan, (sheet.box[0] / 2, sheet.box[1] / 2)
    (x, y), (u, v) = (sheet.point(plan.places[name]) for name in edge)
    if sheet.rightward:
        low, aside = sheet.flow - 0.12, wide + 0.12
        leave = [(x, y + high)] if plan.is_last(edge[0]) else [(x + wide, y), (x + aside, y)]
        enter = [(u, v + high)] if plan.is_last(edge[1]) else [(u - aside, v), (u - wide, v)]
        return Path([*leave, (leave[-1][0], low), (enter[0][0], low), *enter])
    side, aside = (sheet.width + plan.breadth * sheet.across) / 2 + 0.1, high + 0.12
    leave = [(x + wide, y)] if plan.is_last(edge[0]) else [(x, y + high), (x, y + aside)]
    enter = [(u + wide, v)] if plan.is_last(edge[1]) else [(u, v - aside), (u, v - high)]
    return Path([*leave, (side, leave[-1][1]), (side, enter[0][1]), *enter])


def _node(axes: Axes, at: Point, size: Point, node: Mapping[str, Any], broken: list[str]) -> None:
    (x, y), (wide, high) = at, size
    box = FancyBboxPatch(
        (x - wide / 2, y - high / 2),
        wide,
        high,
        boxstyle="round,pad=0,rounding_size=0.07",
        facecolor=style.LIGHT["band" if broken else "node"],
        edgecolor=style.LIGHT["fault" if broken else "hair"],
        linewidth=2.0 if broken else 0.8,
    )
    axes.add_patch(box)
    top = y - 0.075 - (_NOTE / 2 if broken else 0.0)
    _line(axes, (x, top), node["name"], wide, size=8.5)
    _line(axes, (x, top + 0.17), node["kind"], wide, size=7.5, role="muted")
    if broken:
        _line(axes, (x, top + 0.35), ", ".join(broken), wide, size=8.0, weight="bold")


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
    marked = "Framed and named: where the faults sit. " if run.faults else ""
    return (
        f"{marked}Requests run along the arrows, the thin line brings the reply back; "
        "nobody waits for what is dashed."
    )


GRAPH = Picture(
    "graph", "The system", draw, lambda run: bool(run.summary["graph"]["nodes"]), caption
)
