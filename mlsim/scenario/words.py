"""What a field's type and default are called, for the catalogue of kinds."""

import types
from collections.abc import Iterable
from math import isinf
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel

from mlsim.scenario.tree import Expression
from mlsim.scenario.units import Quantity, duration_text

_PLAIN: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Any: "any value",
    AwareDatetime: "a date and time such as 2020-11-02T00:00:00Z",
}
_TIMES = ("a duration", "a time")
_LIMITS = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}


def type_words(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """A type in words.

    >>> type_words(list[int] | None)
    'a list: a whole number'
    """
    for mark in metadata:
        if words := getattr(mark, "words", ""):
            return str(words)
    return _bare_words(annotation) + _limit_words(metadata)


def _bare_words(annotation: Any) -> str:
    arguments = get_args(annotation)
    match get_origin(annotation):
        case origin if origin is Annotated:
            return type_words(arguments[0], arguments[1:])
        case origin if origin in (Union, types.UnionType):
            return " or ".join(type_words(part) for part in arguments if part is not types.NoneType)
        case origin if origin is Literal:
            return ("one of " if len(arguments) > 1 else "") + ", ".join(map(str, arguments))
        case origin if origin in (list, tuple):
            return f"a list: {type_words(arguments[0])}"
        case origin if origin is dict:
            return f"a mapping of names: {type_words(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        keys = ", ".join(f.alias or name for name, f in annotation.model_fields.items())
        return f"a mapping with {keys}"
    return _PLAIN.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _limit_words(metadata: Iterable[Any]) -> str:
    limits = [
        f"{words} {getattr(mark, name)}"
        for mark in metadata
        for name, words in _LIMITS.items()
        if getattr(mark, name, None) is not None
    ]
    return ", " + " and ".join(limits) if limits else ""


def default_words(value: Any, metadata: Iterable[Any] = ()) -> str:
    """A default as one would write it; "" for what is empty, unlimited or has parts of its own."""
    if value is None or value in ((), {}, [], "") or isinstance(value, BaseModel):
        return ""
    if isinstance(value, float) and isinf(value):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Expression):
        return value.text or str(value)
    if not isinstance(value, float):
        return str(value)
    is_time = any(isinstance(m, Quantity) and m.words.startswith(_TIMES) for m in metadata)
    return duration_text(value) if is_time else f"{value:g}"
