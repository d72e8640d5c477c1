"""Texts and numbers don't mix, and neither do two units."""

from collections.abc import Iterator, Mapping

from mlsim.errors import nearest
from mlsim.scenario.functions import FUNCTIONS, TEXT
from mlsim.scenario.refusal import Refusal
from mlsim.scenario.spec import State
from mlsim.scenario.tree import Binary, Call, Compare, Expression, Name, Text, Unary, walk

States = Mapping[str, State]
Complaint = tuple[str, str]
"""What is wrong, and what was probably meant."""


def is_text(node: Expression, states: States) -> bool:
    """Whether a node's value is a text."""
    if isinstance(node, Name):
        return node.name in states and states[node.name].is_text
    return isinstance(node, Text) or (
        isinstance(node, Call) and FUNCTIONS[node.function].result == TEXT
    )


def text_complaints(expression: Expression, states: States) -> Iterator[Complaint]:
    """Where an expression computes with a text, or compares one with what it never is."""
    for node in walk(expression):
        if isinstance(node, Compare):
            yield from _comparison(node, states)
        elif isinstance(node, Call):
            for parameter, (_, argument) in zip(
                FUNCTIONS[node.function].parameters, node.args, strict=True
            ):
                wanted, found = parameter.dimension == TEXT, is_text(argument, states)
                if wanted != found:
                    what = "a number" if wanted else "a text"
                    yield f"{parameter.name} of {node.function}() can't be {argument}: {what}", ""
        else:
            for child in node.children:
                if is_text(child, states):
                    yield f"{child} is a text: compare it by == or !=, or use contains()", ""


def _comparison(node: Compare, states: States) -> Iterator[Complaint]:
    kinds = [is_text(side, states) for side in node.children]
    if not any(kinds):
        return
    if not all(kinds):
        number = node.children[kinds.index(False)]
        yield f"compares a text with {number}, which is a number", ""
    elif node.op not in ("==", "!="):
        yield f"a text can only be compared by == or != (got '{node.op}')", ""
    for name, other in (node.children, node.children[::-1]):
        if isinstance(name, Name) and isinstance(other, Text):
            yield from never(name.name, other.value, states)


def never(name: str, text: str, states: States) -> Iterator[Complaint]:
    """Whether a text state can't be a text, going by its values."""
    values = states[name].values if name in states else ()
    if values and text not in values:
        yield f"{name} is never '{text}' (it is {', '.join(values)})", nearest(text, values)


def unit_complaints(expression: Expression, states: States) -> Iterator[Complaint]:
    """Where an expression adds or compares states of two units."""
    try:
        _unit(expression, states)
    except Refusal as refusal:
        yield refusal.message, ""


def _unit(node: Expression, states: States) -> str | None:
    """The unit of a node; None where it has none, or where nobody knows."""
    match node:
        case Name(name=name):
            return states[name].unit if name in states else None
        case Unary(operand=operand):
            return _unit(operand, states)
        case Binary(op=op) if op in "+-":
            return _same(node, states)
        case Compare():
            _same(node, states)
        case Call(function="min" | "max" | "clip" | "abs" | "constant"):
            return _same(node, states)
        case _:
            for child in node.children:
                _unit(child, states)
    return None


def _same(node: Expression, states: States) -> str | None:
    units = dict.fromkeys(u for child in node.children if (u := _unit(child, states)))
    if len(units) > 1:
        one, other = list(units)[:2]
        raise Refusal(f"mixes {one} with {other} in {node}")
    return next(iter(units), None)
