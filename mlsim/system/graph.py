"""The system as a graph, for whoever draws it."""

from collections.abc import Iterable, Mapping
from typing import Any

from mlsim.scenario.flow_steps import Chain
from mlsim.system.base import Component
from mlsim.system.wiring import predecessors


def graph_of(system: Mapping[str, Component], flow: Iterable[Chain]) -> dict[str, Any]:
    """Components, who passes requests on to whom, and by which ways models learn beside that.

    Gives `{"nodes": [...], "edges": [...]}`. A node has `name`, `kind` and `computes`: whether it
    adds to a row, or only passes it on. An edge has `from`, `to`, `aside` (nobody waits for it) and
    `model` (whose rows, labels or versions go along it; None where requests pass).
    """
    flow = tuple(flow)
    sent = _sent_aside(flow)
    passes = [
        {"from": sender, "to": receiver, "aside": (sender, receiver) in sent, "model": None}
        for receiver, senders in predecessors(flow).items()
        for sender in senders
    ]
    links = [
        {"from": link.sender, "to": link.receiver, "aside": True, "model": link.model}
        for name, component in system.items()
        for link in component.links(name, system)
    ]
    return {"nodes": [_node(*item) for item in system.items()], "edges": [*passes, *links]}


def _sent_aside(flow: Iterable[Chain]) -> set[tuple[str, str]]:
    """Who sends to whom and goes on: to several, where what goes aside forks or is a choice."""
    return {
        (sender, receiver)
        for chain in flow
        if chain.aside
        for receiver, senders in predecessors([chain]).items()
        for sender in senders
        if sender == chain.steps[0]
    }


def _node(name: str, component: Component) -> dict[str, Any]:
    computes = component.sends_columns or any(component.outputs(name))
    return {"name": name, "kind": component.kind, "computes": computes}
