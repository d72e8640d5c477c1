"""Functions that change each value by itself, and those that make vectors and scalars."""

from collections.abc import Callable
from typing import Any

import numpy as np
from promql_parser import VectorSelector

from mlsim.monitoring.promql.selectors import matchers_of, unwrapped
from mlsim.monitoring.promql.vector import Floats, Vector
from mlsim.telemetry.labels import METRIC_NAME, Labels, canonical


def _clamp(values: Floats, low: Floats, high: Floats) -> Floats:
    return np.minimum(np.maximum(values, low), high)


def _round(values: Floats, to: Floats | float = 1.0) -> Floats:
    # By multiplication with the inverse, as Prometheus does: 5.5 to 0.1 must not become 5.500001.
    inverse = 1.0 / to
    return np.floor(values * inverse + 0.5) / inverse


ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "ceil": np.ceil,
    "clamp": _clamp,
    "clamp_max": np.minimum,
    "clamp_min": np.maximum,
    "exp": np.exp,
    "floor": np.floor,
    "ln": np.log,
    "log10": np.log10,
    "log2": np.log2,
    "round": _round,
    "sgn": np.sign,
    "sqrt": np.sqrt,
}
"""By name: from the values [n, S] and the scalars [S] that follow, the new values."""


def elementwise(name: str, vector: Vector, scalars: list[Floats]) -> Vector:
    """Apply a function of ELEMENTWISE."""
    values = ELEMENTWISE[name](vector.values, *scalars)
    present = vector.present
    if name == "clamp":
        present = present & ~(scalars[0] > scalars[1])
    return Vector(vector.labels, values, present).without_name()


def vector_of(scalar: Floats) -> Vector:
    """`vector(s)`: one series without labels."""
    return Vector([()], scalar[None, :], np.ones((1, scalar.size), dtype=np.bool_))


def scalar_of(vector: Vector) -> Floats:
    """`scalar(v)`: the value of the only series, NaN where there are none or several."""
    alone = vector.present.sum(axis=0) == 1
    return np.where(alone, np.where(vector.present, vector.values, 0.0).sum(axis=0), np.nan)


def absent(vector: Vector, labels: Labels) -> Vector:
    """`absent(v)`: 1 with `labels` at the steps at which v is empty."""
    missing = np.logical_not(vector.present.any(axis=0))[None, :]
    return Vector.of([labels], np.ones(missing.shape), missing)


def labels_of_absent(argument: Any) -> Labels:
    """What the conditions of a selector say about a series that isn't there."""
    selector = unwrapped(argument)
    if not isinstance(selector, VectorSelector):
        return ()
    matchers = [m for m in matchers_of(selector) if m.label != METRIC_NAME]
    names = [m.label for m in matchers]
    sure = [m for m in matchers if m.operator == "=" and names.count(m.label) == 1]
    return canonical((m.label, m.value) for m in sure)
