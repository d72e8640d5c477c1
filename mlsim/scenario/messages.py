"""pydantic's errors in the words of the language."""

from collections.abc import Mapping
from typing import Any

from mlsim.errors import nearest
from mlsim.scenario.refusal import Refusal, got

_WORDS = {
    "bool": "must be true or false",
    "date": "must be a date and time such as 2020-11-02T00:00:00Z",
    "datetime": "must be a date and time such as 2020-11-02T00:00:00Z",
    "dict": "must be a mapping of names to values",
    "finite": "must be a finite number",
    "float": "must be a number",
    "int": "must be a whole number",
    "list": "must be a list",
    "model": "must be a mapping of keys to values",
    "string": "must be text",
    "timezone": "must name its time zone, as in 2020-11-02T00:00:00Z",
    "tuple": "must be a list",
}
_LIMITS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}


def problem_of(
    error: Mapping[str, Any], data: Any, known: Mapping[int, tuple[str, ...]]
) -> tuple[tuple[str | int, ...], str, str]:
    """Place, message and suggestion for one of pydantic's errors.

    known: the keys that belong into a mapping, by the mapping's identity.
    """
    place, parent = _place(error["loc"], data)
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, Refusal):
        return place, cause.message, cause.suggestion
    if error["type"] == "extra_forbidden":
        return place, "unknown key", nearest(str(place[-1]), known.get(id(parent), ()))
    if error["type"] == "missing":
        return (*place, error["loc"][-1]), "is missing", ""
    return place, _sentence(error), ""


def is_consequence(error: Mapping[str, Any]) -> bool:
    """Whether an error only follows from others: a list is too short without its wrong entries."""
    enough = error.get("ctx", {}).get("min_length", 0)
    return bool(error["type"] == "too_short" and len(error["input"]) >= enough)


def _place(loc: tuple[str | int, ...], data: Any) -> tuple[tuple[str | int, ...], Any]:
    """Where in the document an error lies, and what holds that place.

    pydantic's own steps (the tag of a union, '[key]') are no places of the document: left out.
    """
    place: list[str | int] = []
    parent = data
    for step in loc:
        inner = _inside(data, step)
        if inner is not _NOWHERE:
            place.append(step)
            parent, data = data, inner
    return tuple(place), parent


_NOWHERE = object()


def _inside(data: Any, step: str | int) -> Any:
    if isinstance(data, dict):
        return data.get(step, _NOWHERE) if isinstance(step, str) else _NOWHERE
    if isinstance(data, list) and isinstance(step, int) and step < len(data):
        return data[step]
    return _NOWHERE


def _sentence(error: Mapping[str, Any]) -> str:
    kind, context, value = error["type"], error.get("ctx", {}), error.get("input")
    if kind in _LIMITS:
        words, key = _LIMITS[kind]
        return f"must be {words} {context[key]} {got(value)}"
    if kind == "literal_error":
        choice = "one of " if "," in context["expected"] or " or " in context["expected"] else ""
        return f"must be {choice}{context['expected']} {got(value)}"
    if kind == "too_short" and not value:
        return "must not be empty"
    for family in (kind.split("_")[0], kind.split("_")[-1]):
        if family in _WORDS:
            return f"{_WORDS[family]} {got(value)}"
    if kind == "value_error":
        return str(context["error"])
    return f"{error['msg'][:1].lower()}{error['msg'][1:]} {got(value)}"
