"""Selectors: which samples of which series an expression sees at each step."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
from promql_parser import MatchOp, MatrixSelector, ParenExpr, VectorSelector

from mlsim.monitoring.promql.vector import Floats, Indices, Vector
from mlsim.telemetry.labels import METRIC_NAME, Labels, Matcher
from mlsim.telemetry.store import Block

T = TypeVar("T")

LOOKBACK_MS = 300_000
"""An instant selector serves a sample for five minutes: Prometheus's default."""

OPERATORS: dict[str, Literal["=", "!=", "=~", "!~"]] = {
    str(MatchOp.Equal): "=",
    str(MatchOp.NotEqual): "!=",
    str(MatchOp.Re): "=~",
    str(MatchOp.NotRe): "!~",
}


class Source(Protocol):
    """Whatever holds series: the store of a run, the results of rules, a test's script."""

    def select(
        self, matchers: Sequence[Matcher], start: float = ..., end: float = ...
    ) -> list[Block]:
        """Samples with start <= time <= end (seconds) of the series that fulfil all matchers."""


class Known(Protocol):
    """Values of parts of expressions that have been computed before."""

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """What is known under the key, or else what `compute` gives."""


@dataclass(frozen=True)
class Context:
    """What an evaluation is about.

    source: where the series come from.
    steps: int64[S], the instants of evaluation in milliseconds, as Prometheus counts time.
    prometheus: 3, or 2 for its older rules: ranges and lookback include their left end.
    values: what is known of the same source.
    """

    source: Source
    steps: Indices
    prometheus: Literal[2, 3]
    values: Known | None = None

    def first_after(self, times: Indices, left: Indices) -> Indices:
        """Index of the first of `times` in a range that begins at `left`."""
        return np.searchsorted(times, left, side="left" if self.prometheus == 2 else "right")


@dataclass(frozen=True)
class Windows:
    """Series of one block, and the samples that a range selector picks from them at each step.

    labels, values: the n series, float64[n, T].
    times: int64[T] in milliseconds.
    step: int64[S], which of the evaluation's steps they are.
    first, last: int64[S], the samples of a step are first (inclusive) to last (exclusive).
    left, right: int64[S], the range's ends in milliseconds.
    prometheus: as in Context.
    """

    labels: Sequence[Labels]
    values: Floats
    times: Indices
    step: Indices
    first: Indices
    last: Indices
    left: Indices
    right: Indices
    prometheus: Literal[2, 3]

    @cached_property
    def count(self) -> Indices:
        """int64[S], the number of samples of each step."""
        return self.last - self.first


def unwrapped(tree: Any) -> Any:
    """The tree without the parentheses around it."""
    while isinstance(tree, ParenExpr):
        tree = tree.expr
    return tree


def matchers_of(selector: VectorSelector) -> list[Matcher]:
    """The conditions of a selector, its metric's name among them."""
    named = [Matcher(METRIC_NAME, "=", selector.name)] if selector.name else []
    others = selector.matchers.matchers
    return named + [Matcher(m.name, OPERATORS[str(m.op)], m.value) for m in others]


def instant(selector: VectorSelector, context: Context) -> Vector:
    """The newest sample of each series at each step, if it is not too old."""
    right = context.steps - offset_of(selector)
    left = right - LOOKBACK_MS
    parts = []
    for block in _blocks(selector, left, right, context):
        times = _milliseconds(block.times)
        newest = np.searchsorted(times, right, side="right") - 1
        fresh = newest >= context.first_after(times, left)
        if block.stale is not None:
            fresh &= ~block.stale[newest]
        present = np.broadcast_to(fresh, (len(block.labels), fresh.size))
        parts.append(Vector.of(block.labels, block.values[:, newest], present))
    return Vector.joined(parts, context.steps.size)


def windows(selector: MatrixSelector, context: Context) -> list[Windows]:
    """The samples of each step's range, markers of staleness left out."""
    right = context.steps - offset_of(selector.vector_selector)
    left = right - round(selector.range.total_seconds() * 1000)
    blocks = _blocks(selector.vector_selector, left, right, context)
    return [_windows_of_block(block, left, right, context) for block in blocks]


def _windows_of_block(block: Block, left: Indices, right: Indices, context: Context) -> Windows:
    live = slice(None) if block.stale is None else ~block.stale
    times = _milliseconds(block.times[live])
    return Windows(
        labels=block.labels,
        values=block.values[:, live],
        times=times,
        step=np.arange(right.size),
        first=context.first_after(times, left),
        last=np.searchsorted(times, right, side="right"),
        left=left,
        right=right,
        prometheus=context.prometheus,
    )


def offset_of(selector: VectorSelector) -> int:
    """How much further back it looks, in milliseconds; less than 0 for the future."""
    return round(selector.offset.total_seconds() * 1000) if selector.offset else 0


def _blocks(
    selector: VectorSelector, left: Indices, right: Indices, context: Context
) -> list[Block]:
    # A millisecond more at either end: which samples count is decided in whole milliseconds.
    start, end = (left[0] - 1) / 1000, (right[-1] + 1) / 1000
    return context.source.select(matchers_of(selector), start, end)


def _milliseconds(times: Floats) -> Indices:
    return np.rint(times * 1000).astype(np.int64)
