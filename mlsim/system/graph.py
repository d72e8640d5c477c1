"""The system as a graph, for whoever draws it."""

from collections.abc import Iterable, Mapping
from typing import Any

from mlsim.scenario.flow_steps import Call, Chain, Choice, Steps, name_of
from mlsim.scenario.readable import readable
from mlsim.system.base import Component
from mlsim.system.wiring import predecessors


def graph_of(system: Mapping[str, Component], flow: Iterable[Chain]) -> dict[str, Any]:
    """Components, who passes requests on to whom, and by which ways models learn beside that.

    Gives `{"nodes": [...], "edges": [...]}`. A node has `name`, `kind` and `computes`: whether it
    adds to a row, or only passes it on. An edge has `from`, `to`, `aside` (nobody waits for it),
    `model` (whose rows, labels, versions or replicas go along it; None where requests pass) and
    `when` (which of them do: `if <condition>`, `else`; None if all do).
    """
    flow = tuple(flow)
    sent, when = _sent_aside(flow), _chosen(flow)
    passes = [
        {
            "from": sender,
            "to": receiver,
            "aside": (sender, receiver) in sent,
            "model": None,
            "when": when.get((sender, receiver)),
        }
        for receiver, senders in predecessors(flow).items()
        for sender in senders
    ]
    links = [
        {
            "from": link.sender,
            "to": link.receiver,
            "aside": True,
            "model": link.model,
            "when": None,
        }
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


Way = tuple[str, tuple[str, ...]]
"""A component that sends, and what has been decided since of those whom it sends."""
Decisions = dict[tuple[str, str], dict[tuple[str, ...], None]]
"""By edge, each way in which it may have been decided on, in the order of the flow."""


def _chosen(flow: Iterable[Chain]) -> dict[tuple[str, str], str]:
    """Who of those that one sends to another goes there, where not all do, in words."""
    found: Decisions = {}
    for chain in flow:
        _walk(chain.steps, [], found)
    return {
        edge: " or ".join(", ".join(decided) for decided in ways)
        for edge, ways in found.items()
        if () not in ways
    }


def _walk(steps: Steps, last: list[Way], found: Decisions) -> list[Way]:
    """Enter the edges of steps that follow on `last`; gives what follows next."""
    for step in steps:
        if name := name_of(step):
            for sender, decided in last:
                found.setdefault((sender, name), {})[decided] = None
            inside = _walk(step.inside, [(name, ())], found) if isinstance(step, Call) else []
            last = [*inside, (name, ())]
        elif isinstance(step, Choice):
            words = [f"if {readable(condition)}" for condition in step.conditions] + ["else"]
            arms = zip(step.branches, words, strict=True)
            ways = [(branch, [(who, (*how, word)) for who, how in last]) for branch, word in arms]
            last = [end for branch, before in ways for end in _walk(branch, before, found)]
        elif not isinstance(step, str):
            last = [end for branch in step.branches for end in _walk(branch, last, found)]
    return list(dict.fromkeys(last))


def _node(name: str, component: Component) -> dict[str, Any]:
    computes = component.sends_columns or any(component.outputs(name))
    return {"name": name, "kind": component.kind, "computes": computes}
