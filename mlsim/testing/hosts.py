"""Hosts: small scenarios in which a kind is tried out."""

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from mlsim.scenario.document import Document
from mlsim.scenario.load import from_document
from mlsim.scenario.nodes import read_nodes
from mlsim.scenario.spec import Scenario

HOST = Path(__file__).with_name("host.yaml")
"""The host of kinds that don't bring their own."""

PROBE = "probe"
"""What a component is called in its host."""

Text = Mapping[str, Any]
"""A document, or a part of one, as lists, dicts and scalars."""


def read_text(text: str) -> dict[str, Any]:
    """What a YAML text says, by mlsim's own rules; raises ValueError if it has mistakes."""
    root, flaws = read_nodes(text)
    content = root.plain()
    if flaws or not isinstance(content, dict):
        raise ValueError(f"not a mapping in YAML as mlsim reads it: {flaws or content!r}")
    return content


def scenario_of(content: Text) -> Scenario:
    """The scenario of a document; raises ScenarioError with all mistakes."""
    text = json.dumps(content, indent=1)  # which is YAML, too
    root, _ = read_nodes(text)
    return from_document(Document(HOST, root, (), text))


def without_faults(host: str | None) -> dict[str, Any]:
    """A host's document: of a scenario's text, or of our own."""
    content = read_text(HOST.read_text(encoding="utf-8") if host is None else host)
    return {key: part for key, part in content.items() if key not in ("faults", "monitoring")}


def with_fault(host: Text, fault: Text) -> dict[str, Any]:
    """The host with one fault."""
    return {**deepcopy(dict(host)), "faults": [dict(fault)]}


def with_component(host: Text, example: Text, in_flow: bool) -> tuple[dict[str, Any], str]:
    """The host with a component, and the name that it has there.

    It takes the place of one of its own kind. Where there is none, it stands in the way of the
    requests, before the last component of the first chain, or beside the flow.
    """
    content = deepcopy(dict(host))
    system: dict[str, Any] = content["system"]
    own = [name for name, spec in system.items() if spec["kind"] == example["kind"]]
    name = own[-1] if own else PROBE
    system[name] = dict(example)
    if in_flow and not own:
        content["flow"][0] = _inserted(content["flow"][0], name)
    return content, name


def _inserted(chain: str, name: str) -> str:
    first, last = chain.rsplit("->", 1)
    return f"{first}-> {name} -> {last.strip()}"
