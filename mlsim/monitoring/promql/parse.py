"""From the text of an expression to a tree of which every part can be evaluated."""

import re
from collections.abc import Iterator
from typing import Any

import promql_parser as ast

from mlsim.errors import nearest
from mlsim.monitoring.promql.aggregation import AGGREGATIONS
from mlsim.monitoring.promql.binary import ARITHMETIC, COMPARISONS
from mlsim.monitoring.promql.errors import PromqlError
from mlsim.monitoring.promql.functions import ELEMENTWISE
from mlsim.monitoring.promql.matching import SET_OPERATORS
from mlsim.monitoring.promql.ranges import RANGE_FUNCTIONS
from mlsim.monitoring.promql.selectors import LOOKBACK_MS, matchers_of, offset_of, unwrapped
from mlsim.telemetry.labels import METRIC_NAME

NAMED = (METRIC_NAME, "=")

MAX_CHARACTERS = 5000
MAX_DEPTH = 100
"""Longer and deeper expressions, which nobody writes, would exhaust the stack."""

OTHER_FUNCTIONS = ("absent", "histogram_quantile", "quantile_over_time", "scalar", "time", "vector")
FUNCTIONS = frozenset([*RANGE_FUNCTIONS, *ELEMENTWISE, *OTHER_FUNCTIONS])
OPERATORS = frozenset([*ARITHMETIC, *COMPARISONS, *SET_OPERATORS])

NOT_YET = frozenset(
    {
        *("absent_over_time", "acos", "acosh", "asin", "asinh", "atan", "atanh", "changes", "cos"),
        *("cosh", "day_of_month", "day_of_week", "day_of_year", "days_in_month", "deg", "delta"),
        *("deriv", "double_exponential_smoothing", "first_over_time", "histogram_avg"),
        *("histogram_count", "histogram_fraction", "histogram_stddev", "histogram_stdvar"),
        *("histogram_sum", "hour", "idelta", "info", "irate", "label_join", "label_replace"),
        *("mad_over_time", "minute", "month", "pi", "predict_linear", "rad", "resets", "sin"),
        *("sinh", "sort", "sort_by_label", "sort_by_label_desc", "sort_desc", "tan", "tanh"),
        *("timestamp", "year"),
    }
)
"""Functions of Prometheus that are refused by name; a misspelt one is still recognised."""


def parse(text: str) -> ast.Expr:
    """The tree of an expression.

    Raises: PromqlError if it is not PromQL, or uses what is not supported: all of it, by name.

    >>> parse("sum(rate(requests_total[5m]))").prettify()
    'sum(rate(requests_total[5m]))'
    """
    if len(text) > MAX_CHARACTERS:
        raise PromqlError(f"is longer than {MAX_CHARACTERS} characters")
    try:
        tree = ast.parse(text)
    except ValueError as error:
        if str(error) == "invalid promql query":  # which says nothing, and not where
            raise PromqlError(f"is not PromQL (got '{text}')") from None
        raise _with_suggestion(str(error)) from None
    except BaseException as error:
        # The parser panics on a few durations, such as `offset NaN`; that is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise PromqlError(f"is not PromQL: {error}") from None
    if refusals := list(dict.fromkeys(_refusals(tree))):
        raise PromqlError("; ".join(refusals))
    return tree


def selectors(tree: Any) -> Iterator[ast.VectorSelector]:
    """All selectors of a tree."""
    return (node for node in _nodes(tree) if isinstance(node, ast.VectorSelector))


def metrics_read(tree: Any) -> frozenset[str] | None:
    """The names of the metrics that an expression reads; None if it names them by no name.

    >>> sorted(metrics_read(parse("rate(a[5m]) > b") or ()))
    ['a', 'b']
    """
    names: set[str] = set()
    for selector in selectors(tree):
        named = [m.value for m in matchers_of(selector) if (m.label, m.operator) == NAMED]
        if not named:
            return None
        names.update(named)
    return frozenset(names)


def reach(tree: Any) -> float:
    """How far back from a step an expression looks, in seconds.

    >>> reach(parse("rate(a[1h] offset 1d) > b"))
    90000.0
    """
    spans = [0.0]
    for node in _nodes(tree):
        match node:
            case ast.MatrixSelector():
                spans.append(node.range.total_seconds() + offset_of(node.vector_selector) / 1000)
            case ast.VectorSelector():
                spans.append((LOOKBACK_MS + offset_of(node)) / 1000)
    return max(spans)


def _with_suggestion(message: str) -> PromqlError:
    unknown = re.search(r"unknown function with name '(.*)'", message)
    return PromqlError(message, nearest(unknown[1], FUNCTIONS | NOT_YET) if unknown else "")


def _nodes(node: Any, depth: int = 0) -> Iterator[Any]:
    if depth > MAX_DEPTH:
        raise PromqlError(f"is nested more than {MAX_DEPTH} levels deep")
    yield node
    match node:
        case ast.Call():
            children = node.args
        case ast.BinaryExpr():
            children = [node.lhs, node.rhs]
        case ast.AggregateExpr():
            children = [node.expr]
        case ast.ParenExpr() | ast.UnaryExpr() | ast.SubqueryExpr():
            children = [node.expr]
        case ast.MatrixSelector():
            children = [node.vector_selector]
        case _:
            children = []
    for child in children:
        yield from _nodes(child, depth + 1)


def _refusals(tree: Any) -> Iterator[str]:
    if isinstance(unwrapped(tree), ast.MatrixSelector | ast.StringLiteral):
        yield "must be a vector or a scalar (got a range or a string)"
    for node in _nodes(tree):
        match node:
            case ast.Call() if node.func.name not in FUNCTIONS:
                yield f"function '{node.func.name}' is not supported"
            case ast.AggregateExpr() if str(node.op) not in AGGREGATIONS:
                yield f"aggregation '{node.op}' is not supported"
            case ast.BinaryExpr():
                yield from _refusals_of_operator(node)
            case ast.SubqueryExpr():
                yield "subqueries are not supported"
            case ast.VectorSelector():
                yield from _refusals_of_selector(node)


def _refusals_of_operator(node: ast.BinaryExpr) -> Iterator[str]:
    if str(node.op) not in OPERATORS:
        yield f"operator '{node.op}' is not supported"
    fill = node.modifier and node.modifier.fill_values
    if fill and (fill.lhs is not None or fill.rhs is not None):
        yield "fill modifiers are not supported"


def _refusals_of_selector(node: ast.VectorSelector) -> Iterator[str]:
    if node.at is not None:
        yield "the @ modifier is not supported"
    if node.matchers.or_matchers:
        yield "'or' between matchers is not supported"
    for matcher in matchers_of(node):
        if matcher.operator in ("=~", "!~") and not _is_pattern(matcher.value):
            yield f"cannot read the regular expression '{matcher.value}'"


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True
