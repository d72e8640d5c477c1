"""The system as a graph, for whoever draws it."""

from collections.abc import Iterable, Mapping
from typing import Any

from mlsim.scenario.flow import Chain
from mlsim.system.base import Component
from mlsim.system.wiring import predecessors


def graph_of(system: Mapping[str, Component], flow: Iterable[Chain]) -> dict[str, Any]:
    """Components and who passes requests on to whom: `{"nodes": [...], "edges": [...]}`.

    A node has `name` and `kind`; an edge has `from`, `to`, and `aside` where nobody waits for it.
    """
    flow = tuple(flow)
    asides = {chain.steps[:2] for chain in flow if chain.aside}
    return {
        "nodes": [{"name": name, "kind": component.kind} for name, component in system.items()],
        "edges": [
            {"from": sender, "to": receiver, "aside": (sender, receiver) in asides}
            for receiver, senders in predecessors(flow).items()
            for sender in senders
        ],
    }
