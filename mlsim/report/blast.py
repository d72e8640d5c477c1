"""Blast radius on the graph: what a fault has touched, and along which edges that went."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mlsim.report import wording
from mlsim.report.answer import Fault
from mlsim.report.layers import Edge, layout, parted

Graph = Mapping[str, Any]


@dataclass(frozen=True)
class Spread:
    """How far a fault has come in the graph.

    shares: of the components that were touched the share of all rows, in (0, 1]. versions: how many
    versions a trainer has fitted on touched rows. edges: along which something touched has gone.
    """

    shares: Mapping[str, float]
    versions: Mapping[str, int]
    edges: frozenset[Edge]


def spread(graph: Graph, fault: Fault, requests: int) -> Spread:
    """Follows a fault through the graph. requests: of the whole run, which its rows are part of."""
    radius = fault["radius"] or {"components": [], "models": []}
    rows = {row["name"]: row["rows"] for row in radius["components"]}
    passes = [edge for edge in graph["edges"] if edge["model"] is None]
    links = [edge for edge in graph["edges"] if edge["model"] is not None]
    fitted = [row["name"] for row in radius["models"]]
    reached, flow = _through_flow(graph, passes, set(rows))
    trained = _through_training(links, reached, set(origins(fault)), set(fitted), set(rows))
    return Spread(
        shares={name: min(count / requests, 1.0) for name, count in rows.items()},
        versions=_versions(links, trained, fitted, reached),
        edges=frozenset(flow | trained),
    )


def origins(fault: Fault) -> list[str]:
    """The components at which a fault is; older runs name one, or none."""
    known: list[str | None] = fault.get("components", [fault.get("component")])
    return [name for name in known if name is not None]


def _ends(edge: Mapping[str, Any]) -> Edge:
    return edge["from"], edge["to"]


def _through_flow(
    graph: Graph, passes: Iterable[Mapping[str, Any]], touched: set[str]
) -> tuple[set[str], set[Edge]]:
    """What touched rows have come to, and the edges; a reply carries them to people."""
    relays = {node["name"] for node in graph["nodes"] if not node["computes"]}
    edges, reached = [_ends(edge) for edge in passes], set(touched)
    for _ in relays:
        reached |= {end for start, end in edges if start in reached and end in relays}
    replies = layout(parted(graph)[0]).back
    return reached, {e for e in edges if e[0] in reached and (e[1] in reached or e in replies)}


def _through_training(
    links: list[Mapping[str, Any]],
    reached: set[str],
    origins: set[str],
    fitted: set[str],
    touched: set[str],
) -> set[Edge]:
    """The links along which touched rows, or versions fitted on them or held back, have gone."""
    carriers, edges = reached | origins, set[Edge]()
    for _ in links:
        for link in links:
            held_back = link["from"] in origins and link["to"] in touched
            if link["from"] in carriers and (link["model"] in fitted or held_back):
                edges.add(_ends(link))
                carriers.add(link["to"])
    return edges


def _versions(
    links: list[Mapping[str, Any]], went: set[Edge], fitted: list[str], reached: set[str]
) -> dict[str, int]:
    """A trainer is what touched rows come to from the flow, along a link."""
    return {
        link["to"]: fitted.count(link["model"])
        for link in links
        if _ends(link) in went and link["from"] in reached and link["to"] not in reached
    }


def told(fault: Fault, requests: int) -> str:
    """What the blast radius of a fault is, in a sentence or two."""
    radius = fault["radius"]
    if radius is None or not radius["rows"]:
        return "No row's content was touched: what it does, it does to time or to who is served."
    people = f" of {wording.large(radius['people'])} people" if radius["people"] else ""
    days = wording.counted(radius["days"], "day")
    share = wording.percent(radius["rows"] / requests)
    first = (
        f"Touched {wording.large(radius['rows'])} rows{people} on {days}, {share} of all requests."
    )
    if not radius["after_repair"]:
        return first
    after = wording.large(radius["after_repair"])
    if not radius["models"]:
        return f"{first} {after} of them came after the repair."
    names = [row["name"] for row in radius["models"]]
    versions = wording.listed([f"{names.count(name)} of {name}" for name in dict.fromkeys(names)])
    return (
        f"{first} Bad training data outlive the fault: {after} of these rows were scored after the "
        f"repair, by model versions that were fitted on touched rows ({versions})."
    )
