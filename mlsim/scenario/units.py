"""Quantities with units: durations, money, probabilities, names, and the units of columns.

Times are float seconds inside; a scenario writes `50ms`, `1.5h`, `14d`.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from mlsim.errors import nearest
from mlsim.scenario.refusal import Refusal, got

SECONDS: Mapping[str, float] = MappingProxyType(
    {
        "us": 1e-6,
        "ms": 1e-3,
        "s": 1.0,
        "min": 60.0,
        "h": 3600.0,
        "d": 86400.0,
        "w": 604800.0,
    }
)
"""Units of time, in seconds."""

RESERVED = frozenset({*SECONDS, "and", "or", "not", "if", "else"})
"""Words of the expression language that can't be names of columns."""


@dataclass(frozen=True)
class Quantity:
    """Marks a type of field by how it is read: text or number in, value out.

    words: what a value must be, as messages, `mlsim kinds` and the JSON Schema put it.
    json_type, pattern: what the JSON Schema says of the value, and of its text.
    """

    words: str
    read: Callable[[object], Any]
    json_type: tuple[str, ...] = ("string",)
    pattern: str = ""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        if source is float:
            # The number may have limits of its own, as in Field(gt=0).
            return core_schema.no_info_before_validator_function(self.read, handler(source))
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        types = list(self.json_type)
        pattern = {"pattern": f"^\\s*{self.pattern}\\s*$"} if self.pattern else {}
        return {"type": types[0] if len(types) == 1 else types, "description": self.words} | pattern


_NUMBER = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?"
_DURATION = re.compile(rf"({_NUMBER})\s*({'|'.join(SECONDS)})")
_PART = re.compile(rf"({_NUMBER})\s*([A-Za-z]+)")
IN_OTHER_WORDS = re.compile(rf"(?>{_PART.pattern}\s*)+")
"""What may have been meant as a duration: numbers, each with a word."""
_MONEY = re.compile(rf"({_NUMBER})\s*([A-Z]{{3}})(?:\s*/\s*({'|'.join(SECONDS)}))?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def duration(value: object) -> float:
    """Seconds of a duration, which is not negative.

    >>> duration("50ms"), duration("1.5h"), duration(0)
    (0.05, 5400.0, 0.0)
    """
    seconds = instant(value, "a duration such as 50ms or 2h")
    if seconds < 0:
        raise Refusal(f"must be a duration and not negative {got(value)}")
    return seconds


def bound(value: object) -> float:
    """A duration, in seconds, that something may take: more than 0.

    >>> bound("1h")
    3600.0
    """
    seconds = duration(value)
    if seconds == 0:
        raise Refusal("must be a duration of more than 0")
    return seconds


def instant(value: object, words: str = "a time since day 0 such as 9d or 36h") -> float:
    """Seconds since day 0; before it, negative.

    >>> instant("9d"), instant("-12h")
    (777600.0, -43200.0)
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and value == 0:
        return 0.0
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or not math.isfinite(seconds := float(match[1]) * SECONDS[match[2]]):
        raise Refusal(f"must be {words} {got(value)}", meant_duration(str(value)))
    return seconds


def meant_duration(text: str) -> str:
    """How a duration is written that others write like this; "" if it is none, or is right.

    >>> meant_duration("5sec"), meant_duration("2 days"), meant_duration("8min1s")
    ('5s', '2d', '481s')
    """
    text = text.strip()
    if not IN_OTHER_WORDS.fullmatch(text) or _DURATION.fullmatch(text):
        return ""
    parts = [(number, _unit_meant(word)) for number, word in _PART.findall(text)]
    if not all(unit for _, unit in parts):
        return ""
    if len(parts) == 1:
        return "".join(parts[0])
    seconds = sum(float(number) * SECONDS[unit] for number, unit in parts)
    return duration_text(seconds) if 0 < seconds < math.inf else ""


def _unit_meant(word: str) -> str:
    small = word.lower()
    return small if small in SECONDS else _OTHER_WORDS.get(small.removesuffix("s"), "")


_OTHER_WORDS = {
    "microsecond": "us",
    "millisecond": "ms",
    "msec": "ms",
    "sec": "s",
    "second": "s",
    "m": "min",
    "minute": "min",
    "hour": "h",
    "hr": "h",
    "day": "d",
    "week": "w",
}


def duration_text(seconds: float) -> str:
    """The shortest way to write a duration exactly; `duration` reads it back.

    >>> duration_text(0.05), duration_text(5400.0), duration_text(86400.0)
    ('50ms', '90min', '1d')
    """
    for unit, size in reversed(tuple(SECONDS.items())):
        number = round(seconds / size, 9)
        if number >= 1 and number == int(number) and int(number) * size == seconds:
            return f"{int(number)}{unit}"
    return f"{seconds!r}s" if seconds else "0s"


def probability(value: object) -> float:
    """A number from 0 to 1, or a percentage.

    >>> probability(0.3), probability("30%")
    (0.3, 0.3)
    """
    number = value
    if isinstance(value, str) and re.fullmatch(rf"{_NUMBER}\s*%", value.strip()):
        number = float(value.strip().rstrip("% ")) / 100
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 1:
        raise Refusal(f"must be a probability from 0 to 1 {got(value)}")
    return float(number)


def name(value: object) -> str:
    """A name: letters, digits and _, not beginning with a digit."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise Refusal(
            "must be a name: letters, digits and _, not beginning with a digit, at most 64 of them "
            f"{got(value)}"
        )
    return value


def column_name(value: object) -> str:
    """A name that stands alone in expressions, where units of time and `and` have a meaning."""
    if name(value) in RESERVED:
        raise Refusal(f"must not be '{value}', which is a word of the expression language")
    return str(value)


def path_inside(value: object) -> str:
    """A relative path that doesn't leave the folder of the file in which it stands."""
    if not isinstance(value, str) or not value:
        raise Refusal(f"must be the path of a file {got(value)}")
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or "\\" in value or ":" in value:
        raise Refusal(f"must be a path inside the scenario's folder, with / {got(value)}")
    return value


def monitoring_path(value: object) -> str:
    """A path inside the folder, of the file that watches; a command line may name any other."""
    try:
        return path_inside(value)
    except Refusal as refusal:
        message = f"{refusal.message}; --monitoring FILE takes one from anywhere"
        raise Refusal(message) from None


def trace_path(value: object) -> str:
    """A path inside the folder, of a file of a kind that can be replayed."""
    path = path_inside(value)
    if not path.endswith((".csv", ".parquet")):
        raise Refusal(f"must be the path of a .csv or .parquet file {got(value)}")
    return path


@dataclass(frozen=True)
class Money:
    """An amount of money, in a currency; `per_second` where it is paid for time.

    >>> money("36 EUR/h")
    Money(amount=0.01, currency='EUR', per_second=True)
    """

    amount: float
    currency: str
    per_second: bool = False


def money(value: object) -> Money:
    """An amount such as `400 EUR`, or `36 EUR/h` for what is paid by time."""
    if isinstance(value, Money):
        return value
    match = _MONEY.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or not math.isfinite(float(match[1])):
        raise Refusal(f"must be an amount of money such as 400 EUR or 36 EUR/h {got(value)}")
    if match[3]:
        return Money(float(match[1]) / SECONDS[match[3]], match[2], per_second=True)
    return Money(float(match[1]), match[2])


_TEXT_OR_NUMBER = ("string", "number")

Duration = Annotated[
    float, Quantity("a duration such as 50ms or 2h", duration, _TEXT_OR_NUMBER, _DURATION.pattern)
]
Bound = Annotated[
    float,
    Quantity(
        "a duration of more than 0 such as 50ms or 2h", bound, _TEXT_OR_NUMBER, _DURATION.pattern
    ),
]
When = Annotated[
    float,
    Quantity("a time since day 0 such as 9d or 36h", instant, _TEXT_OR_NUMBER, _DURATION.pattern),
]
Probability = Annotated[float, Quantity("a probability from 0 to 1", probability, _TEXT_OR_NUMBER)]
Name = Annotated[str, Quantity("a name", name, pattern=_NAME.pattern)]
ColumnName = Annotated[str, Quantity("a name", column_name, pattern=_NAME.pattern)]
Cost = Annotated[
    Money, Quantity("an amount of money such as 400 EUR or 36 EUR/h", money, pattern=_MONEY.pattern)
]


@dataclass(frozen=True)
class _ColumnUnit:
    """value in the base unit of its dimension = value * scale + offset."""

    dimension: str
    scale: float
    offset: float = 0.0


_COLUMN_UNITS: dict[str, _ColumnUnit] = {
    "celsius": _ColumnUnit("temperature", 1.0),
    "kelvin": _ColumnUnit("temperature", 1.0, -273.15),
    "fahrenheit": _ColumnUnit("temperature", 5 / 9, -160 / 9),
    "kg": _ColumnUnit("mass", 1.0),
    "g": _ColumnUnit("mass", 1e-3),
    "lb": _ColumnUnit("mass", 0.45359237),
    "m": _ColumnUnit("length", 1.0),
    "mm": _ColumnUnit("length", 1e-3),
    "cm": _ColumnUnit("length", 1e-2),
    "km": _ColumnUnit("length", 1e3),
    "inch": _ColumnUnit("length", 0.0254),
    "ft": _ColumnUnit("length", 0.3048),
    "mile": _ColumnUnit("length", 1609.344),
    "m_per_s": _ColumnUnit("speed", 1.0),
    "km_per_h": _ColumnUnit("speed", 1 / 3.6),
    "mile_per_h": _ColumnUnit("speed", 0.44704),
    "pascal": _ColumnUnit("pressure", 1.0),
    "hectopascal": _ColumnUnit("pressure", 100.0),
    "mmhg": _ColumnUnit("pressure", 133.322387415),
    "joule": _ColumnUnit("energy", 1.0),
    "kilojoule": _ColumnUnit("energy", 1e3),
    "kilocalorie": _ColumnUnit("energy", 4184.0),
    "share": _ColumnUnit("share", 1.0),
    "percent": _ColumnUnit("share", 1e-2),
    **{unit: _ColumnUnit("time", size) for unit, size in SECONDS.items()},
}


COLUMN_UNITS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        dimension: tuple(
            name for name, unit in _COLUMN_UNITS.items() if unit.dimension == dimension
        )
        for dimension in dict.fromkeys(unit.dimension for unit in _COLUMN_UNITS.values())
    }
)
"""Units that a column can have, by what they measure."""


def column_unit(value: object) -> str:
    """The name of a unit that a column can have."""
    if isinstance(value, str) and value in _COLUMN_UNITS:
        return value
    near = nearest(value, _COLUMN_UNITS) if isinstance(value, str) else ""
    raise Refusal(f"must be a unit such as celsius, kg or ms {got(value)}", near)


Unit = Annotated[str, Quantity("a unit such as celsius, kg or ms", column_unit)]


def dimension_of(unit: str) -> str:
    """What a unit of columns measures.

    >>> dimension_of("fahrenheit")
    'temperature'
    """
    return _COLUMN_UNITS[column_unit(unit)].dimension


def affine(from_: str, to: str) -> tuple[float, float]:
    """(scale, offset): `value * scale + offset` in unit `to` is `value` in unit `from_`.

    Raises Refusal for units of two dimensions.

    >>> affine("celsius", "fahrenheit")
    (1.8, 32.0)
    """
    dimension = dimension_of(from_)
    if dimension_of(to) != dimension:
        article = "an" if dimension[0] in "aeiou" else "a"
        raise Refusal(f"must be {article} {dimension} {got(to)}", _unit_of(dimension, to))
    source, target = _COLUMN_UNITS[from_], _COLUMN_UNITS[to]
    # Rounded to 12 digits: 36.6 Fahrenheit degrees must not come out as 36.60000000000001.
    return (
        float(f"{source.scale / target.scale:.12g}"),
        float(f"{(source.offset - target.offset) / target.scale:.12g}"),
    )


def _unit_of(dimension: str, meant: str) -> str:
    return nearest(meant, (u for u, d in _COLUMN_UNITS.items() if d.dimension == dimension))


def convert(value: Any, from_: str, to: str) -> Any:
    """A value, or an array of values, in another unit.

    >>> convert(37.0, "celsius", "fahrenheit")
    98.60000000000001
    """
    scale, offset = affine(from_, to)
    return value * scale + offset
