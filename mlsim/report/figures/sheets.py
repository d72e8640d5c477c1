"""Where a graph's nodes and edges are drawn, in inches from the top left corner.

`Across` runs from left to right, with what is beside the flow below it, running back; `Down` runs
from top to bottom, with everything in one column of layers. Learned versions go back to the flow.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from matplotlib.path import Path

from mlsim.report.layers import Edge, Layout, Place, layout, parted

Point = tuple[float, float]
GAP = 0.26
"""Least distance between two layers."""
_SIDE = 0.2
"""Room for a line beside the boxes."""
_PAST = 0.12
"""How far from a box a line turns."""


class Sheet(Protocol):
    """A drawing's plan: how high it is, how large its boxes are, and where things are."""

    height: float
    box: Point

    def at(self, name: str) -> Point:
        """The middle of a node."""

    def path(self, edge: Edge) -> Path:
        """The way of an edge, from box to box."""


def sheet(graph: Mapping[str, Any], width: float, box: Point) -> Sheet:
    """The plan for a width: from left to right if that fits, else downwards."""
    across = Across(graph, width, box)
    return across if across.fits else Down(graph, width, box)


class Across:
    """From left to right; what is beside the flow below it and from right to left."""

    _LANES = 0.52
    """Room between the flow and what is beside it, for the ways between them."""

    def __init__(self, graph: Mapping[str, Any], width: float, box: Point) -> None:
        flow, beside = parted(graph)
        self.flow, self.beside = layout(flow), layout(beside)
        self.columns = max(self.flow.depth, self.beside.depth + bool(self.beside.places))
        self.fits = self.columns * (box[0] + GAP) - GAP + 2 * _SIDE <= width
        self.width, self.box = width, box
        spare = (width - 2 * _SIDE - self.columns * box[0]) / max(self.columns - 1, 1)
        self.along, self.lane = box[0] + min(spare, 0.9), box[1] + 0.26
        self.top = 0.1 + 0.2 * bool(self.flow.back)
        self.foot = self.top + self.flow.breadth * self.lane - 0.13 * bool(self.flow.places)
        below = self._LANES + self.beside.breadth * self.lane - 0.16
        self.height = self.foot + (below if self.beside.places else 0.08)

    def at(self, name: str) -> Point:
        """The middle of a node."""
        flow = name in self.flow.places
        return self._point((self.flow if flow else self.beside).places[name], flow=flow)

    def _point(self, place: Place, *, flow: bool) -> Point:
        plan = self.flow if flow else self.beside
        # A column is left free at the right, for what comes down from the flow's last layer.
        column = place.layer if flow else self.columns - 2 - place.layer
        top = self.top - 0.13 if flow else self.foot + self._LANES - 0.13
        x = self.width / 2 + (column - (self.columns - 1) / 2) * self.along
        return x, top + (plan.breadth / 2 + place.across) * self.lane

    def path(self, edge: Edge) -> Path:
        """The way of an edge, from box to box."""
        ends = tuple(end in self.flow.places for end in edge)
        if edge in self.flow.routes or edge in self.beside.routes:
            return self._smooth(edge, flow=ends[0])
        if all(ends):
            return self._reply(edge)
        if not any(ends):
            return _rounded([self._side(edge[0], -1), self._side(edge[1], 1)])
        return self._down(edge) if ends[0] else self._up(edge)

    def _side(self, name: str, side: int, past: float = 0.0) -> Point:
        """A point at the right (1) or left (-1) of a box, or so far past it."""
        x, y = self.at(name)
        return x + side * (self.box[0] / 2 + past), y

    def _smooth(self, edge: Edge, *, flow: bool) -> Path:
        """Through the layers; it leaves and enters along the direction of its part."""
        route = (self.flow if flow else self.beside).routes[edge]
        half = self.box[0] / 2 if flow else -self.box[0] / 2
        stations = [self._point(place, flow=flow) for place in route]
        return _curve([((x - half, y), (x + half, y)) for x, y in stations], turned=False)

    def _reply(self, edge: Edge) -> Path:
        """Over the top of everything, and past its own layer's boxes."""
        high = self.box[1] / 2
        (x, y), (u, v) = map(self.at, edge)
        leave = [self._side(edge[0], 1), self._side(edge[0], 1, _PAST)]
        enter = [self._side(edge[1], -1, _PAST), self._side(edge[1], -1)]
        leave = [(x, y - high)] if self.flow.is_first(edge[0]) else leave
        enter = [(u, v - high)] if self.flow.is_first(edge[1]) else enter
        return _rounded([*leave, (leave[-1][0], 0.12), (enter[0][0], 0.12), *enter])

    def _down(self, edge: Edge) -> Path:
        """From the flow to something beside it: along the upper lane."""
        x, y = self.at(edge[0])
        leave = [self._side(edge[0], 1), self._side(edge[0], 1, _PAST)]
        leave = [(x, y + self.box[1] / 2)] if self.flow.is_last(edge[0]) else leave
        turn, lane = self._side(edge[1], 1, _PAST), self.foot + 0.15
        return _rounded(
            [*leave, (leave[-1][0], lane), (turn[0], lane), turn, self._side(edge[1], 1)]
        )

    def _up(self, edge: Edge) -> Path:
        """From beside the flow back into it: along the lower lane."""
        high = self.box[1] / 2
        (x, y), (u, v) = map(self.at, edge)
        leave = [self._side(edge[0], -1), self._side(edge[0], -1, _PAST)]
        leave = [(x, y - high)] if self.beside.is_first(edge[0]) else leave
        enter = [self._side(edge[1], -1, _PAST), self._side(edge[1], -1)]
        enter = [(u, v + high)] if self.flow.is_last(edge[1]) else enter
        lane = self.foot + 0.32
        return _rounded([*leave, (leave[-1][0], lane), (enter[0][0], lane), *enter])


class Down:
    """From top to bottom, what is beside the flow below it; ways back run at the sides."""

    def __init__(self, graph: Mapping[str, Any], width: float, box: Point) -> None:
        flow = {node["name"] for node in parted(graph)[0]["nodes"]}
        led_to = {edge["to"] for edge in graph["edges"]}
        forward = [
            edge
            for edge in graph["edges"]
            if edge["from"] in flow or edge["to"] not in flow or edge["from"] not in led_to
        ]
        self.plan: Layout = layout({"nodes": graph["nodes"], "edges": forward})
        # A row of many nodes squeezes its boxes rather than run over the edge.
        squeezed = min(box[0], (width - 4 * _SIDE) / max(self.plan.breadth, 1) - 0.1)
        self.width, self.box, self.across = width, (squeezed, box[1]), squeezed + 0.1
        self.along = box[1] + 0.36
        self.height = max(self.plan.depth, 1) * self.along

    def at(self, name: str) -> Point:
        """The middle of a node."""
        return self._point(self.plan.places[name])

    def _point(self, place: Place) -> Point:
        return self.width / 2 + place.across * self.across, self.along * (place.layer + 0.5)

    def path(self, edge: Edge) -> Path:
        """The way of an edge, from box to box."""
        if edge not in self.plan.routes:
            return self._back(edge, 1 if edge in self.plan.back else -1)
        high = self.box[1] / 2
        stations = [self._point(place) for place in self.plan.routes[edge]]
        return _curve([((x, y - high), (x, y + high)) for x, y in stations], turned=True)

    def _back(self, edge: Edge, side: int) -> Path:
        """Round the right (1) or left (-1) of everything, and past its own layer's boxes."""
        (x, y), (u, v) = map(self.at, edge)
        wide, high = side * self.box[0] / 2, self.box[1] / 2
        outermost = self.plan.is_last if side > 0 else self.plan.is_first
        lane = self.width / 2 + side * (self.plan.breadth * self.across / 2 + 0.1)
        leave = [(x, y + high), (x, y + high + _PAST)]
        leave = [(x + wide, y)] if outermost(edge[0]) else leave
        enter = [(u, v - high - _PAST), (u, v - high)]
        enter = [(u + wide, v)] if outermost(edge[1]) else enter
        return _rounded([*leave, (lane, leave[-1][1]), (lane, enter[0][1]), *enter])


def _curve(stations: list[tuple[Point, Point]], *, turned: bool) -> Path:
    """A smooth way through stations (where it comes in, where it goes out), across or downwards."""
    points: list[Point] = [stations[0][1]]
    codes = [Path.MOVETO]
    for into, out in stations[1:]:
        (x, y), (u, v) = points[-1], into
        bends = (
            [(x, (y + v) / 2), (u, (y + v) / 2)] if turned else [((x + u) / 2, y), ((x + u) / 2, v)]
        )
        points += [*bends, into, out]
        codes += [*[Path.CURVE4] * 3, Path.LINETO]
    return Path(points[:-1], codes[:-1])


def _rounded(corners: list[Point], radius: float = 0.07) -> Path:
    """Straight lines with rounded corners."""
    corners = [corners[0], *(b for a, b in pairwise(corners) if a != b)]
    points, codes = [corners[0]], [Path.MOVETO]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        points += [_toward(corner, before, radius), corner, _toward(corner, after, radius)]
        codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
    return Path([*points, corners[-1]], [*codes, Path.LINETO])


def beside(path: Path) -> Point:
    """Where a label stands on a way: on its first bend, nearer to whom it leads; or on its longest
    straight piece.
    """
    vertices = np.asarray(path.vertices, float)
    if np.asarray(path.codes)[1] == Path.CURVE4:
        x, y = _AT_60_PERCENT @ vertices[:4]
    else:
        lengths = np.hypot(*np.diff(vertices, axis=0).T)
        x, y = vertices[np.argmax(lengths) :][:2].mean(axis=0)
    return float(x), float(y)


_AT_60_PERCENT = np.array([0.064, 0.288, 0.432, 0.216])
"""Weights of the four points of a cubic curve: Bernstein polynomials."""


def _toward(start: Point, end: Point, distance: float) -> Point:
    """A point on the way, at most half of it away."""
    (x, y), (u, v) = start, end
    length = ((u - x) ** 2 + (v - y) ** 2) ** 0.5
    share = min(distance / length, 0.5)
    return x + (u - x) * share, y + (v - y) * share
