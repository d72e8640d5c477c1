"""What some rules have found out about a run, for judging it by others like them."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np

from mlsim.monitoring.promql.vector import Vector
from mlsim.monitoring.rules import Rule
from mlsim.telemetry.store import Block

T = TypeVar("T")

LIMIT = 256 << 20
"""Bytes of values that are kept at most."""


class Values:
    """Values of parts of expressions by their text and steps; forgets all when they grow large."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Any] = {}
        self._size = 0

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """What is known under the key, or else what `compute` gives."""
        if key not in self._known:
            found = compute()
            arrays = (found.values, found.present) if isinstance(found, Vector) else (found,)
            size = sum(np.asarray(array).nbytes for array in arrays)
            if self._size + size > LIMIT:
                self._known.clear()
                self._size = 0
            self._size += size
            self._known[key] = found
        known: T = self._known[key]
        return known


class Memory:
    """Of one world: alerts and recorded series by rule, and the values that rules compare.

    A rule sees what the recording rules before it have made, so all is known for a `past` only:
    the recording rules up to there, as `identity` names them.
    """

    def __init__(self) -> None:
        self.alerts: dict[Hashable, list[Any]] = {}
        self.recorded: dict[Hashable, list[Block]] = {}
        self._values: dict[Hashable, Values] = {}

    def values(self, past: Hashable) -> Values:
        """The values of parts of expressions after some recording rules."""
        return self._values.setdefault(past, Values())


def identity(rule: Rule, interval: float) -> Hashable:
    """What a rule's result depends on beside the series, where it stands in files left out."""
    return (
        *(rule.group, rule.interval or interval, rule.alert, rule.name, rule.expr),
        *(rule.hold, rule.keep),
        tuple(sorted(rule.labels.items())),
        tuple(sorted(rule.annotations.items())),
    )
