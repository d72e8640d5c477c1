"""What a rule compares with which number: the `x > 0.2` inside of its expression."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from promql_parser import BinaryExpr

from mlsim.monitoring.promql import evaluate, selectors
from mlsim.monitoring.promql.selectors import unwrapped
from mlsim.telemetry.store import SeriesStore

DIRECTIONS = {">": 1, ">=": 1, "<": -1, "<=": -1}


@dataclass(frozen=True)
class Threshold:
    """left: the expression that is compared. value: with what. direction: 1 if it must be larger,
    -1 if smaller. text: the comparison, as in `> 0.2`."""

    left: Any
    value: float
    direction: int
    text: str


def thresholds_of(tree: Any) -> Iterator[Threshold]:
    """The comparisons with a number in a rule's expression, from left to right.

    >>> from mlsim.monitoring.promql import parse
    >>> [t.text for t in thresholds_of(parse("a > 1.5 * 2 and on (x) b >= 100"))]
    ['> 3', '>= 100']
    """
    node = unwrapped(tree)
    if not isinstance(node, BinaryExpr):
        return
    operator = str(node.op).removeprefix("T_").lower()
    if operator in DIRECTIONS and not any(selectors(node.rhs)):
        value = _constant(node.rhs)
        yield Threshold(node.lhs, value, DIRECTIONS[operator], f"{operator} {value:g}")
    elif operator in ("and", "or", "unless"):
        yield from thresholds_of(node.lhs)
        if operator != "unless":
            yield from thresholds_of(node.rhs)


def _constant(tree: Any) -> float:
    """The value of an expression that reads no series."""
    return float(evaluate(tree, SeriesStore(np.zeros(1)), [0.0]).values[0, 0])
