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
    return {
        "nodes": [{"name": name, "kind": kind_of(spec)} for name, spec in system.items()],
        "edges": [
            {"from": sender, "to": receiver, "aside": chain.aside}
            for chain in flow
            for receiver, senders in predecessors([chain]).items()
            for sender in senders
        ],
    }


def kind_of(spec: Component) -> str:
    """What a scenario calls a component's kind."""
    return str(spec.kind)  # type: ignore[attr-defined]
