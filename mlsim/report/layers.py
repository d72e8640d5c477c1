"""A layered layout of a directed graph: the same every time, with few crossings.

Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System Structures"
(1981): longest-path layers, then sweeps that order each layer by its neighbours' barycentres.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Edge = tuple[str, str]
_SWEEPS = 8


@dataclass(frozen=True)
class Place:
    """Where a node stands: its layer, and its place across, in nodes from the layer's middle."""

    layer: int
    across: float


@dataclass(frozen=True)
class Layout:
    """Places of all nodes, and the places through which each edge runs, its ends included.

    back: the edges that run against the layers, such as the reply to a client; they have no route.
    """

    places: dict[str, Place]
    routes: dict[Edge, list[Place]]
    back: tuple[Edge, ...]

    @property
    def depth(self) -> int:
        """Number of layers."""
        return 1 + max((place.layer for place in self.places.values()), default=-1)

    def is_first(self, name: str) -> bool:
        """Whether a node's layer has nothing before it, to the left or above."""
        return self.places[name].across <= min(self._layer_of(name))

    def is_last(self, name: str) -> bool:
        """Whether a node's layer has nothing after it, to the right or below."""
        return self.places[name].across >= max(self._layer_of(name))

    def _layer_of(self, name: str) -> list[float]:
        """Where everything in a node's layer stands across, passing edges included."""
        passing = [bend for route in self.routes.values() for bend in route]
        layer = self.places[name].layer
        return [p.across for p in [*self.places.values(), *passing] if p.layer == layer]

    @property
    def breadth(self) -> float:
        """Widest layer, in nodes, with the bends of long edges."""
        bends = [place for route in self.routes.values() for place in route]
        spans = [abs(place.across) for place in [*self.places.values(), *bends]]
        return 1 + 2 * max(spans, default=0.0)


def parted(graph: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The flow of requests, and the graph of what is beside it: nodes that no request meets.

    Ways between the two are in neither. A graph without any edge stays whole: a single server is
    the flow.
    """
    passes = [edge for edge in graph["edges"] if edge.get("model") is None]
    met = {end for edge in passes for end in (edge["from"], edge["to"])}
    if not graph["edges"]:
        met = {node["name"] for node in graph["nodes"]}
    links = [edge for edge in graph["edges"] if not met & {edge["from"], edge["to"]}]
    flow = [node for node in graph["nodes"] if node["name"] in met]
    beside = [node for node in graph["nodes"] if node["name"] not in met]
    return {"nodes": flow, "edges": passes}, {"nodes": beside, "edges": links}


def layout(graph: Mapping[str, Any]) -> Layout:
    """Lays out `{"nodes": [{"name"}], "edges": [{"from", "to"}]}`; the order of nodes breaks ties.

    >>> graph = {"nodes": [{"name": "a"}, {"name": "b"}], "edges": [{"from": "a", "to": "b"}]}
    >>> layout(graph).places["b"]
    Place(layer=1, across=0.0)
    """
    names = [node["name"] for node in graph["nodes"]]
    edges = list(dict.fromkeys((edge["from"], edge["to"]) for edge in graph["edges"]))
    back = _back_edges(names, edges)
    forward = [edge for edge in edges if edge not in back]
    layers = _longest_paths(names, forward)
    chains = {edge: _chain(edge, layers) for edge in forward}
    rows = _ordered(_rows(names, chains, layers), list(chains.values()))
    places = {
        node: Place(index, position - (len(row) - 1) / 2)
        for index, row in enumerate(rows)
        for position, node in enumerate(row)
    }
    routes = {edge: [places[node] for node in chain] for edge, chain in chains.items()}
    return Layout({name: places[name] for name in names}, routes, tuple(back))


def _back_edges(names: Sequence[str], edges: Sequence[Edge]) -> list[Edge]:
    """Edges that close a cycle, met depth first from each node in turn."""
    back: list[Edge] = []
    done: set[str] = set()
    open_now: set[str] = set()

    def visit(node: str) -> None:
        open_now.add(node)
        for edge in edges:
            if edge[0] != node:
                continue
            if edge[1] in open_now:
                back.append(edge)
            elif edge[1] not in done:
                visit(edge[1])
        open_now.remove(node)
        done.add(node)

    for name in names:
        if name not in done:
            visit(name)
    return back


def _longest_paths(names: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    layers = dict.fromkeys(names, 0)
    # Without cycles no path is longer than the number of nodes.
    for _ in names:
        for source, target in edges:
            layers[target] = max(layers[target], layers[source] + 1)
    # What nothing leads to stands just before the first that it leads to.
    for name in set(names) - {target for _, target in edges}:
        following = [layers[target] for source, target in edges if source == name]
        layers[name] = min(following, default=1) - 1
    return layers


def _chain(edge: Edge, layers: Mapping[str, int]) -> list[str]:
    """The edge's ends, and a bend in every layer between them."""
    source, target = edge
    between = range(layers[source] + 1, layers[target])
    return [source, *(f"{source} {target} {layer}" for layer in between), target]


def _rows(
    names: Sequence[str], chains: Mapping[Edge, list[str]], layers: Mapping[str, int]
) -> list[list[str]]:
    rows: list[list[str]] = [[] for _ in range(1 + max(layers.values(), default=-1))]
    for name in names:
        rows[layers[name]].append(name)
    for (source, _), chain in chains.items():
        for step, bend in enumerate(chain[1:-1], start=1):
            rows[layers[source] + step].append(bend)
    return rows


def _ordered(rows: list[list[str]], chains: list[list[str]]) -> list[list[str]]:
    """The best order found in some sweeps down and up, by the number of crossings."""
    steps = [(a, b) for chain in chains for a, b in pairwise(chain)]
    best, fewest = rows, _crossings(rows, steps)
    for sweep in range(_SWEEPS):
        rows = _swept(rows, steps, down=sweep % 2 == 0)
        crossings = _crossings(rows, steps)
        if crossings < fewest:
            best, fewest = rows, crossings
    return best


def _swept(rows: list[list[str]], steps: list[Edge], *, down: bool) -> list[list[str]]:
    rows = [list(row) for row in (rows if down else reversed(rows))]
    toward = steps if down else [(b, a) for a, b in steps]
    for above, row in pairwise(rows):
        place = {node: index for index, node in enumerate(above)}
        middle = (len(above) - 1) / 2
        centre = {}
        for index, node in enumerate(row):
            near = [place[a] - middle for a, b in toward if b == node]
            # A node without neighbours stays where it is.
            centre[node] = sum(near) / len(near) if near else index - (len(row) - 1) / 2
        row.sort(key=centre.__getitem__)
    return rows if down else rows[::-1]


def _crossings(rows: list[list[str]], steps: list[Edge]) -> int:
    place = {node: (layer, i) for layer, row in enumerate(rows) for i, node in enumerate(row)}
    ends = [(place[a][0], place[a][1], place[b][1]) for a, b in steps]
    return sum(
        1
        for i, (layer, a, b) in enumerate(ends)
        for other, c, d in ends[:i]
        if layer == other and (a - c) * (b - d) < 0
    )
