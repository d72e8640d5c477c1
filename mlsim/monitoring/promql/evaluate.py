"""The value of an expression at all steps of a run, chunk by chunk."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import promql_parser as ast

from mlsim.monitoring.promql.aggregation import aggregate
from mlsim.monitoring.promql.binary import COMPARISONS, Value, binary, negative
from mlsim.monitoring.promql.functions import (
    ELEMENTWISE,
    absent,
    elementwise,
    labels_of_absent,
    scalar_of,
    vector_of,
)
from mlsim.monitoring.promql.histogram import histogram_quantile
from mlsim.monitoring.promql.matching import SET_OPERATORS, Matching
from mlsim.monitoring.promql.parse import parse
from mlsim.monitoring.promql.ranges import RANGE_FUNCTIONS, quantile_over_time
from mlsim.monitoring.promql.selectors import Context, Known, Source, instant, unwrapped, windows
from mlsim.monitoring.promql.vector import Floats, Vector

STEPS_AT_A_TIME = 2048
"""A chunk of 300 series keeps each intermediate result under 5 MB."""

SIDE_OF_MANY: dict[str, Literal["", "left", "right"]] = {
    str(ast.VectorMatchCardinality.ManyToOne): "left",
    str(ast.VectorMatchCardinality.OneToMany): "right",
}


def evaluate(
    expression: str | ast.Expr,
    source: Source,
    steps: npt.ArrayLike,
    *,
    prometheus: Literal[2, 3] = 3,
    steps_at_a_time: int = STEPS_AT_A_TIME,
    values: Known | None = None,
) -> Vector:
    """The instant vector of an expression at each step; a scalar becomes a series without labels.

    steps: float64[S], instants in seconds, increasing; taken in whole milliseconds.
    prometheus: whose rules decide about the ends of ranges: 3, or 2 with its closed left end.
    steps_at_a_time: bounds the memory; the result does not depend on it.
    values: of the same series by earlier evaluations; what is compared with a number is kept there.
    Raises: PromqlError for what is not supported, and where series match ambiguously.
    """
    tree = parse(expression) if isinstance(expression, str) else expression
    instants = np.rint(np.asarray(steps, dtype=np.float64) * 1000).astype(np.int64)
    chunks = []
    # Division by zero and the like have the answers of IEEE 754 in PromQL, too.
    with np.errstate(all="ignore"):
        for start in range(0, instants.size, steps_at_a_time):
            chunk = instants[start : start + steps_at_a_time]
            context = Context(source, chunk, prometheus, values)
            chunks.append(_as_vector(_value(tree, context)))
    return _in_a_row(chunks, instants.size)


def _in_a_row(chunks: list[Vector], steps: int) -> Vector:
    labels = sorted({series for chunk in chunks for series in chunk.labels})
    row_of = {series: row for row, series in enumerate(labels)}
    values = np.full((len(labels), steps), np.nan)
    present = np.zeros((len(labels), steps), dtype=np.bool_)
    start = 0
    for chunk in chunks:
        rows, end = [row_of[series] for series in chunk.labels], start + chunk.values.shape[1]
        values[rows, start:end] = np.where(chunk.present, chunk.values, np.nan)
        present[rows, start:end] = chunk.present
        start = end
    return Vector(labels, values, present)


def _as_vector(value: Value) -> Vector:
    return value if isinstance(value, Vector) else vector_of(value)


def _value(tree: Any, context: Context) -> Value:
    match tree:
        case ast.NumberLiteral():
            return np.full(context.steps.size, tree.val)
        case ast.ParenExpr():
            return _value(tree.expr, context)
        case ast.UnaryExpr():
            return negative(_value(tree.expr, context))
        case ast.VectorSelector():
            return instant(tree, context)
        case ast.AggregateExpr():
            return _aggregation(tree, context)
        case ast.BinaryExpr():
            return _operation(tree, context)
        case ast.Call():
            return _call(tree, context)
    raise TypeError(f"no value for {type(tree).__name__}: the parser should have refused it")


def _vector(tree: Any, context: Context) -> Vector:
    value = _value(tree, context)
    assert isinstance(value, Vector)  # The parser has checked the types.
    return value


def _scalar(tree: Any, context: Context) -> Floats:
    value = _value(tree, context)
    assert not isinstance(value, Vector)
    return value


def _aggregation(tree: ast.AggregateExpr, context: Context) -> Vector:
    vector, modifier = _vector(tree.expr, context), tree.modifier
    if modifier is None:
        return aggregate(str(tree.op), vector, labels=[], without=False)
    without = modifier.type == ast.AggModifierType.Without
    return aggregate(str(tree.op), vector, modifier.labels, without)


def _operation(tree: ast.BinaryExpr, context: Context) -> Value:
    operator, matching = str(tree.op), _matching(tree.modifier)
    left, right = _sides(tree, operator, context)
    if operator in SET_OPERATORS:
        assert isinstance(left, Vector)  # The parser has checked the types.
        assert isinstance(right, Vector)
        return SET_OPERATORS[operator](left, right, matching)
    as_bool = tree.modifier is not None and tree.modifier.return_bool
    return binary(operator, left, right, matching, as_bool)


def _sides(tree: ast.BinaryExpr, operator: str, context: Context) -> tuple[Value, Value]:
    """Both operands; where another number will be compared with one, it is looked up or kept."""
    sides = [unwrapped(tree.lhs), unwrapped(tree.rhs)]
    against_number = any(isinstance(side, ast.NumberLiteral) for side in sides)
    if context.values is None or operator not in COMPARISONS or not against_number:
        return _value(tree.lhs, context), _value(tree.rhs, context)
    left, right = (_known(side, context) for side in sides)
    return left, right


def _known(tree: Any, context: Context) -> Value:
    if context.values is None or isinstance(tree, ast.NumberLiteral):
        return _value(tree, context)
    steps = context.steps
    key = (tree.prettify(), int(steps[0]), int(steps[-1]), steps.size, context.prometheus)
    return context.values.get(key, lambda: _value(tree, context))


def _matching(modifier: ast.BinModifier | None) -> Matching:
    if modifier is None:
        return Matching()
    labels, many = modifier.matching, SIDE_OF_MANY.get(str(modifier.card), "")
    on = labels is not None and labels.type == ast.LabelModifierType.Include
    names = tuple(labels.labels) if labels is not None else ()
    return Matching(on, names, many, tuple(modifier.group_labels or ()))


def _call(tree: ast.Call, context: Context) -> Value:
    name, arguments = tree.func.name, tree.args
    if name in RANGE_FUNCTIONS:
        blocks = windows(unwrapped(arguments[0]), context)
        return RANGE_FUNCTIONS[name](blocks, context.steps.size)
    if name in ELEMENTWISE:
        scalars = [_scalar(argument, context) for argument in arguments[1:]]
        return elementwise(name, _vector(arguments[0], context), scalars)
    match name:
        case "histogram_quantile":
            return histogram_quantile(
                _scalar(arguments[0], context), _vector(arguments[1], context)
            )
        case "quantile_over_time":
            function = quantile_over_time(_scalar(arguments[0], context))
            return function(windows(unwrapped(arguments[1]), context), context.steps.size)
        case "absent":
            return absent(_vector(arguments[0], context), labels_of_absent(arguments[0]))
        case "scalar":
            return scalar_of(_vector(arguments[0], context))
        case "vector":
            return vector_of(_scalar(arguments[0], context))
        case "time":
            return context.steps / 1000
    raise TypeError(f"no function {name}: the parser should have refused it")
