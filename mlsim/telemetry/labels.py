"""Labels of a series, as Prometheus has them: how they are kept, written and matched."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

METRIC_NAME = "__name__"

Labels = tuple[tuple[str, str], ...]
"""(name, value) pairs sorted by name, no empty value; `__name__` holds the metric's name."""


def canonical(labels: Mapping[str, str] | Iterable[tuple[str, str]]) -> Labels:
    """`labels` in the one form in which equal label sets compare equal.

    >>> canonical({"replica": "1", "component": "gateway", "zone": ""})
    (('component', 'gateway'), ('replica', '1'))
    """
    pairs = labels.items() if isinstance(labels, Mapping) else labels
    return tuple(sorted((name, value) for name, value in pairs if value))


def series_text(labels: Labels) -> str:
    """A series as it is written in PromQL.

    >>> series_text(canonical({"__name__": "up", "component": "gateway"}))
    'up{component="gateway"}'
    """
    name = "".join(value for label, value in labels if label == METRIC_NAME)
    pairs = ",".join(
        f'{label}="{_escaped(value)}"' for label, value in labels if label != METRIC_NAME
    )
    return f"{name}{{{pairs}}}" if pairs or not name else name


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


@dataclass(frozen=True)
class Matcher:
    """One condition on one label of a selector; a label that a series lacks counts as "".

    >>> Matcher("component", "=~", "gate.*").matches(canonical({"component": "gateway"}))
    True
    """

    label: str
    operator: Literal["=", "!=", "=~", "!~"]
    value: str

    def matches(self, labels: Labels) -> bool:
        actual = next((value for name, value in labels if name == self.label), "")
        if self.operator in ("=", "!="):
            return (actual == self.value) == (self.operator == "=")
        return bool(self._pattern.fullmatch(actual)) == (self.operator == "=~")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # RE2, which Prometheus uses, lets the dot match a line's end here.
        return re.compile(self.value, re.DOTALL)
