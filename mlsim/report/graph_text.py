"""The system's graph in characters, for terminals: layers downwards, lines between them."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from mlsim.report import wording
from mlsim.report.layers import Edge, Layout, Place, layout, parted

_UP, _DOWN, _LEFT, _RIGHT, _ASIDE = 1, 2, 4, 8, 16
_LINES = dict(zip(range(16), " ╵╷│╴┘┐┤╶└┌├─┴┬┼", strict=True)) | {
    _ASIDE | _UP | _DOWN: "╎",
    _ASIDE | _LEFT | _RIGHT: "╌",
}
_PLAIN = str.maketrans("╵╷│╎╴╶─╌┘┐└┌┤├┴┬┼▼", "||||----+++++++++v")

Step = tuple[int, int, bool]
"""From column, to column, and whether nobody waits for it."""


def draw(
    graph: Mapping[str, Any],
    marks: Mapping[str, list[str]] | None = None,
    *,
    ascii_only: bool = False,
) -> str:
    """The graph as text, one layer below another; what nobody waits for is dashed.

    graph: `{"nodes": [{"name", "kind"}], "edges": [{"from", "to", "aside"}]}`; `when` of an edge
    tells which requests go along it.
    marks: component name to what is written beside it as broken.

    >>> nodes = [{"name": "phone", "kind": "client"}, {"name": "desk", "kind": "server"}]
    >>> edges = [{"from": "phone", "to": "desk", "aside": False}]
    >>> print(draw({"nodes": nodes, "edges": edges}))
    phone (client)
          │
          ▼
     desk (server)
    """
    marks = marks or {}
    labels = {node["name"]: _label(node, marks.get(node["name"], [])) for node in graph["nodes"]}
    flow, beside = parted(graph)
    sheet = _Sheet(layout(flow), labels, _asides(flow))
    lines: list[str] = []
    for layer in range(sheet.plan.depth):
        if layer:
            lines += _between(sheet.steps(layer - 1))
        lines.append(sheet.row(layer))
    lines += [f"{source} returns to {target}" for source, target in sheet.plan.back]
    lines += [f"{e['from']} to {e['to']} {e['when']}" for e in graph["edges"] if e.get("when")]
    for node in beside["nodes"]:
        lines.append(f"beside the flow: {labels[node['name']]}{_ways(graph, node['name'])}")
    text = "\n".join(line.rstrip() for line in lines)
    return text.translate(_PLAIN) if ascii_only else text


def _label(node: Mapping[str, Any], broken: list[str]) -> str:
    fault = f" !! {', '.join(broken)}" if broken else ""
    return f"{node['name']} ({node['kind']}){fault}"


def _ways(graph: Mapping[str, Any], name: str) -> str:
    """Where the ways of a node beside the flow come from and lead to, in words."""
    come = [edge["from"] for edge in graph["edges"] if edge["to"] == name]
    lead = [edge["to"] for edge in graph["edges"] if edge["from"] == name]
    ways = [("from", come), ("to", lead)]
    return "".join(
        f", {word} {wording.listed(list(dict.fromkeys(ends)))}" for word, ends in ways if ends
    )


def _asides(graph: Mapping[str, Any]) -> set[Edge]:
    return {(edge["from"], edge["to"]) for edge in graph["edges"] if edge["aside"]}


class _Sheet:
    """A layout on a grid of characters, columns wide enough for the longest label."""

    def __init__(self, plan: Layout, labels: Mapping[str, str], aside: set[Edge]) -> None:
        self.plan, self.labels, self.aside = plan, labels, aside
        self.pitch = max((len(labels[name]) for name in plan.places), default=0) + 3
        starts = (
            self.pitch * place.across - len(labels[name]) / 2 for name, place in plan.places.items()
        )
        bends = (self.pitch * p.across for route in plan.routes.values() for p in route)
        self.left = min([*starts, *bends], default=0.0)

    def column(self, place: Place) -> int:
        return int(self.pitch * place.across - self.left)

    def row(self, layer: int) -> str:
        """A layer's labels; a long edge passes between them as a line."""
        cells = {
            self.column(place) - len(self.labels[name]) // 2: self.labels[name]
            for name, place in self.plan.places.items()
            if place.layer == layer
        }
        for edge, route in self.plan.routes.items():
            passing = "╎" if edge in self.aside else "│"
            cells |= {self.column(p): passing for p in route[1:-1] if p.layer == layer}
        line = ""
        for column, text in sorted(cells.items()):
            line = line.ljust(column) + text
        return line

    def steps(self, layer: int) -> dict[Step, bool]:
        """What runs from a layer to the next; True where it ends there."""
        return {
            (self.column(a), self.column(b), edge in self.aside): b is route[-1]
            for edge, route in self.plan.routes.items()
            for a, b in pairwise(route)
            if a.layer == layer
        }


def _between(steps: Mapping[Step, bool]) -> list[str]:
    """The lines between two layers: down, across on a row of its own for each source, down."""
    turning = _in_turn(steps)
    height = len(turning) + 1
    grid: dict[tuple[int, int], int] = {}
    for source, target, aside in steps:
        bus = turning.index(source) if source in turning else 0
        for cell, line in _cells(source, target, bus, height):
            known = grid.get(cell)
            dashed = aside if known is None else aside and bool(known & _ASIDE)
            grid[cell] = ((known or 0) | line) & ~_ASIDE | (_ASIDE if dashed else 0)
    width = 1 + max((column for _, column in grid), default=0)
    rows = [[_character(grid.get((row, x), 0)) for x in range(width)] for row in range(height)]
    heads = [" "] * width
    for (_, target, _), ends in steps.items():
        heads[target] = "▼" if ends else _character(grid[height - 1, target])
    return ["".join(row) for row in [*rows, heads]]


def _in_turn(steps: Mapping[Step, bool]) -> list[int]:
    """Sources that turn, uppermost first: none may come down where another is yet to turn."""
    waiting = sorted({source for source, target, _ in steps if source != target})
    ordered: list[int] = []
    while waiting:
        blocked = {a for a, b, _ in steps if a in waiting and b in waiting and a != b}
        following = next((source for source in waiting if source not in blocked), waiting[0])
        waiting.remove(following)
        ordered.append(following)
    return ordered


def _character(line: int) -> str:
    return _LINES.get(line, _LINES[line & ~_ASIDE])


def _cells(source: int, target: int, bus: int, height: int) -> list[tuple[tuple[int, int], int]]:
    """The way of one edge, cell by cell, as the directions in which each cell is left."""
    if source == target:
        return [((row, source), _UP | _DOWN) for row in range(height)]
    ahead, behind = (_RIGHT, _LEFT) if target > source else (_LEFT, _RIGHT)
    low, high = sorted((source, target))
    down = [((row, source), _UP | _DOWN) for row in range(bus)]
    across = [((bus, column), _LEFT | _RIGHT) for column in range(low + 1, high)]
    rest = [((row, target), _UP | _DOWN) for row in range(bus + 1, height)]
    corners = [((bus, source), _UP | ahead), ((bus, target), behind | _DOWN)]
    return [*down, *corners, *across, *rest]
