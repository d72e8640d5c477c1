"""The registry of kinds: what can stand behind `kind:` in a scenario.

A kind is a class that describes one component, fault or check: its fields are what a scenario says
of it. Registering the class makes it known to the language, its messages, its schema and its docs.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from mlsim.errors import MlsimError, nearest
from mlsim.scenario.refusal import Refusal, got
from mlsim.scenario.words import default_words, type_words

if TYPE_CHECKING:
    from mlsim.scenario.spec import Scenario

Family = Literal["component", "fault", "check"]
Place = tuple[str | int, ...]
Mistake = tuple[Place, str, str]
"""Where (from the kind's own place), what was expected and found, the nearest known name or "".

The message names what is wrong: if that stands in the file and could not be read, it is not told.
"""


class Spec(BaseModel):
    """A part of a scenario as it stands in the file: frozen, without unknown keys.

    A docstring under a field documents it.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True
    )

    example: ClassVar[str] = ""
    """How a kind may stand in a file, in YAML; its docs show it, and the tests try it out."""

    @model_validator(mode="before")
    @classmethod
    def _tell_known_keys(cls, data: Any, info: ValidationInfo) -> Any:
        """Leave word of the keys that belong here, so that a misspelt one is told its nearest."""
        if isinstance(info.context, dict):
            info.context[id(data)] = tuple(f.alias or n for n, f in cls.model_fields.items())
        return data

    def problems(self, scenario: "Scenario", name: str) -> Iterable[Mistake]:
        """What is wrong with it in view of the whole scenario, where it is called `name`."""
        return ()


class BrokenPlugin(MlsimError):
    """An installed package names kinds that can't be loaded."""


S = TypeVar("S", bound=type[Spec])
_KINDS: dict[str, dict[str, type[Spec]]] = {family: {} for family in get_args(Family)}


def register(family: Family, name: str) -> Callable[[S], S]:
    """Make a class known as `kind: <name>`; two classes of one name are refused."""

    def decorate(cls: S) -> S:
        known = _KINDS[family].get(name)
        if known is not None and (known.__module__, known.__name__) != (
            cls.__module__,
            cls.__name__,
        ):
            raise BrokenPlugin(
                f"{family} kind '{name}' is defined by {known.__module__} and {cls.__module__}"
            )
        _KINDS[family][name] = cls
        return cls

    return decorate


def kinds(family: Family) -> dict[str, type[Spec]]:
    """The known kinds of a family, by name, in the order of the alphabet."""
    _load_plugins(family)
    return dict(sorted(_KINDS[family].items()))


@cache
def _load_plugins(family: Family) -> None:
    """Import what other people's packages name under `mlsim.components`, `.faults`, `.checks`."""
    for point in entry_points(group=f"mlsim.{family}s"):
        try:
            point.load()
        except Exception as error:
            owner = point.dist.name if point.dist else point.value
            raise BrokenPlugin(
                f"{owner}: {family} kind '{point.name}' can't be loaded: {error}"
            ) from error


@dataclass(frozen=True)
class OfKind:
    """Marks a field that holds one of a family's kinds, told by its key `kind`.

    The registry is asked when a scenario is read, so that kinds may come later than the field.
    """

    family: Family

    @property
    def words(self) -> str:
        """What a value must be."""
        return f"a {self.family}"

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(self._read)

    def _read(self, value: object, info: ValidationInfo) -> Spec:
        if isinstance(value, Spec):
            return value
        known = kinds(self.family)
        if not isinstance(value, dict):
            raise Refusal(f"must be a mapping with the key kind {got(value)}")
        kind = value.get("kind")
        if kind is None:
            raise Refusal("needs the key kind; `mlsim kinds` lists them all")
        if not isinstance(kind, str) or kind not in known:
            near = nearest(str(kind), known)
            elsewhere = "" if near else "; `mlsim kinds` lists them all"
            raise Refusal(f"unknown kind of {self.family}: {kind!r}{elsewhere}", near)
        return known[kind].model_validate(value, context=info.context)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        known = kinds(self.family)
        mapping = {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": {"enum": list(known)}},
        }
        # Not oneOf: with this, editors report the mistakes of the kind that was named.
        choices = [
            {
                "if": {"properties": {"kind": {"const": name}}, "required": ["kind"]},
                "then": handler(cls.__pydantic_core_schema__),
            }
            for name, cls in known.items()
        ]
        return {**mapping, "allOf": choices} if choices else mapping


def summary(cls: type[Spec]) -> str:
    """The first sentence of a kind's docstring, in one line and without its full stop."""
    first = (inspect.getdoc(cls) or "").partition("\n\n")[0]
    return " ".join(first.split()).partition(". ")[0].removesuffix(".")


@dataclass(frozen=True)
class FieldDoc:
    """A field of a kind, for people: its key, what it must be, its default or "", its meaning."""

    key: str
    type: str
    required: bool
    default: str
    doc: str


def describe(cls: type[Spec]) -> tuple[FieldDoc, ...]:
    """The fields of a kind, its own before what it has in common with others; `kind` is left out.

    The parts of a mapping follow it: `retries`, `retries.max`, and `releases.NAME.at` or
    `releases[N].at` where there are several.
    """
    described: list[FieldDoc] = []
    for name in sorted(cls.model_fields, key=partial(_generations, cls)):
        if name == "kind":
            continue
        field = cls.model_fields[name]
        one = _field_doc(field.alias or name, field)
        described.append(one)
        for path, spec in _parts(field.annotation):
            described += [
                replace(part, key=f"{one.key}{path}.{part.key}") for part in describe(spec)
            ]
    return tuple(described)


def _parts(annotation: Any) -> Iterator[tuple[str, type[Spec]]]:
    """The mappings with keys of their own that a value is made of, and where in it they stand."""
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        yield "", annotation
    step = {dict: ".NAME", tuple: "[N]"}.get(get_origin(annotation), "")
    for argument in get_args(annotation):
        yield from ((step + path, spec) for path, spec in _parts(argument))


def _generations(cls: type[Spec], name: str) -> int:
    """From how far above a class one of its fields comes."""
    return next(k for k, one in enumerate(cls.__mro__) if name in inspect.get_annotations(one))


def _field_doc(key: str, field: FieldInfo) -> FieldDoc:
    return FieldDoc(
        key=key,
        type=type_words(field.annotation, field.metadata),
        required=field.is_required(),
        default="" if field.is_required() else _default(field),
        doc=" ".join((field.description or "").split()),
    )


def _default(field: FieldInfo) -> str:
    return default_words(field.get_default(call_default_factory=True), field.metadata)
