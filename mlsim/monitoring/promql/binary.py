"""Binary operators between scalars and vectors."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mlsim.monitoring.promql.matching import Matching, paired
from mlsim.monitoring.promql.vector import Floats, Vector

Value = Vector | Floats


def _power(base: Floats, exponent: Floats) -> Floats:
    """NumPy squares where many have one exponent of 2, and rounds otherwise than where each has."""
    shape = np.broadcast_shapes(base.shape, exponent.shape)
    return np.asarray(np.power(base, np.broadcast_to(exponent, shape).copy()))


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": _power,
}
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    ">": np.greater,
    "<=": np.less_equal,
    ">=": np.greater_equal,
}


def binary(operator: str, left: Value, right: Value, matching: Matching, as_bool: bool) -> Value:
    """`left operator right` for arithmetic and comparisons.

    A comparison keeps the left (or the only) vector's values where it holds, unless `as_bool`.
    """
    if isinstance(left, Vector) and isinstance(right, Vector):
        return _vectors(operator, left, right, matching, as_bool)
    result = _compute(operator, _values(left), _values(right))
    vector = left if isinstance(left, Vector) else right
    if not isinstance(vector, Vector):
        return np.asarray(result, dtype=np.float64)
    if operator in COMPARISONS and not as_bool:
        return Vector.of(vector.labels, vector.values, vector.present & result)
    return Vector(vector.labels, result.astype(np.float64), vector.present).without_name()


def _vectors(
    operator: str, left: Vector, right: Vector, matching: Matching, as_bool: bool
) -> Vector:
    drops_name = operator in ARITHMETIC or as_bool
    pairs = paired(left, right, matching, drops_name)
    one, other = left.values[pairs.left], right.values[pairs.right]
    result = _compute(operator, one, other)
    if operator in COMPARISONS and not as_bool:
        return Vector.of(pairs.labels, one, pairs.present & result)
    return Vector.of(pairs.labels, result.astype(np.float64), pairs.present)


def _compute(operator: str, left: Floats, right: Floats) -> Any:
    return (ARITHMETIC | COMPARISONS)[operator](left, right)


def _values(value: Value) -> Floats:
    return value.values if isinstance(value, Vector) else value


def negative(value: Value) -> Value:
    """`-value`."""
    if isinstance(value, Vector):
        return Vector(value.labels, -value.values, value.present).without_name()
    return -value
