"""What every kind is as a part of the language: readable, explained, careful of its values."""

import json
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import annotated_types as limits
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from mlsim.scenario.kinds import Spec, describe
from mlsim.scenario.units import Quantity, duration, probability
from mlsim.testing.hosts import read_text


def example_of(kind: type[Spec]) -> dict[str, Any]:
    """The example of a kind, as lists, dicts and scalars."""
    assert kind.example, f"{kind.__name__} needs an example: YAML in a class variable `example`"
    return read_text(kind.example)


def spec_of(kind: type[Spec], content: dict[str, Any]) -> Spec:
    """A part of a scenario as its kind reads it; raises ValidationError."""
    return kind.model_validate(content, context={})


def builds_from_its_example(kind: type[Spec]) -> None:
    """Its example is read, and names its own kind."""
    content = example_of(kind)
    spec = spec_of(kind, content)
    assert getattr(spec, "kind") == content["kind"]  # noqa: B009  (Spec itself has no kind)


def explains_itself(kind: type[Spec]) -> None:
    """Its class and each of its fields say what they mean: its docs page consists of that."""
    assert kind.__doc__, f"{kind.__name__} needs a docstring"
    silent = [field.key for field in describe(kind) if not field.doc]
    assert not silent, f"{kind.__name__}: fields without a docstring: {', '.join(silent)}"


def comes_back_through_yaml(kind: type[Spec]) -> None:
    """Written as YAML and read again, its example is the same."""
    content = example_of(kind)
    again = read_text(json.dumps(content))
    assert again == content
    assert spec_of(kind, again) == spec_of(kind, content)


def refuses_unknown_keys(kind: type[Spec]) -> None:
    """A key that it doesn't know is a mistake, never ignored."""
    assert _is_refused(kind, example_of(kind) | {"no_such_key": 1}), "no_such_key was accepted"


def refuses_values_out_of_range(kind: type[Spec]) -> None:
    """A value outside of what a field states is a mistake."""
    for key, value in values_out_of_range(kind):
        content = example_of(kind) | {key: value}
        assert _is_refused(kind, content), f"{kind.__name__}: {key}: {value!r} was accepted"


def values_out_of_range(kind: type[Spec]) -> Iterator[tuple[str, Any]]:
    """For every field that states a range, values outside of it, by the field's key."""
    for name, field in kind.model_fields.items():
        for value in _outside(field):
            yield field.alias or name, value


def _is_refused(kind: type[Spec], content: dict[str, Any]) -> bool:
    try:
        spec_of(kind, content)
    except ValidationError:
        return True
    return False


def _outside(field: FieldInfo) -> Iterator[Any]:
    if get_origin(field.annotation) is Literal:
        yield "".join(map(str, get_args(field.annotation))) + "_not"
    quantity = next((one for one in field.metadata if isinstance(one, Quantity)), None)
    if quantity is not None and quantity.read is probability:
        yield from (-0.1, 1.1)
    unit = "s" if quantity is not None and quantity.read is duration else ""
    if unit:
        yield from ("-1s", 5, "soon")
    for limit in field.metadata:
        yield from (f"{value}{unit}" if unit else value for value in _beyond(limit))


def _beyond(limit: object) -> Iterator[Any]:
    match limit:
        case limits.Ge(ge=bound):
            yield bound - 1  # type: ignore[operator]
        case limits.Gt(gt=bound):
            yield bound
        case limits.Le(le=bound):
            yield bound + 1  # type: ignore[operator]
        case limits.Lt(lt=bound):
            yield bound


LANGUAGE_CHECKS = (
    builds_from_its_example,
    explains_itself,
    comes_back_through_yaml,
    refuses_unknown_keys,
    refuses_values_out_of_range,
)
"""What holds for kinds of all families."""
