"""Which series of two vectors belong together: on, ignoring, group_left; and, or, unless."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mlsim.monitoring.promql.errors import PromqlError
from mlsim.monitoring.promql.vector import Indices, Mask, Vector, drop, keep
from mlsim.telemetry.labels import METRIC_NAME, Labels, canonical, series_text


@dataclass(frozen=True)
class Matching:
    """How series are matched.

    on: whether series match if they agree in `labels`, or (ignoring) in all others.
    many: the side of which several series may match one of the other; "" for neither.
    include: labels that the result takes from the side of the one.
    """

    on: bool = False
    labels: tuple[str, ...] = ()
    many: Literal["", "left", "right"] = ""
    include: tuple[str, ...] = ()

    def signature(self, labels: Labels) -> Labels:
        """What two series must share to match."""
        return keep(labels, self.labels) if self.on else drop(labels, self.labels)


Rows = dict[Labels, list[int]]


@dataclass(frozen=True)
class Pairs:
    """Pairs of series that belong together.

    labels: of the results. left, right: the rows of the two vectors. present: bool[pairs, S].
    """

    labels: list[Labels]
    left: list[int]
    right: list[int]
    present: Mask


def paired(left: Vector, right: Vector, matching: Matching, drops_name: bool) -> Pairs:
    """The pairs of series that match.

    Raises: PromqlError where a series could belong to several of the other side at one step.
    """
    rows_left, rows_right = _rows(left, matching), _rows(right, matching)
    if matching.many == "right":
        _refuse_several(left, rows_left, right, "left")
    else:
        _refuse_several(right, rows_right, left, "right")
    found = [(i, j) for sign, rows in rows_left.items() for i in rows for j in rows_right[sign]]
    rows, partners = [i for i, _ in found], [j for _, j in found]
    labels = [
        _result_labels(left.labels[i], right.labels[j], matching, drops_name) for i, j in found
    ]
    present = left.present[rows] & right.present[partners]
    # Before any comparison has dropped some of them: which are ambiguous is no matter of values.
    own = labels if matching.many else [matching.signature(left.labels[i]) for i in rows]
    _refuse_equal(own, present)
    return Pairs(labels, rows, partners, present)


def _rows(vector: Vector, matching: Matching) -> Rows:
    rows: Rows = defaultdict(list)
    for row, labels in enumerate(vector.labels):
        rows[matching.signature(labels)].append(row)
    return rows


def _refuse_equal(results: list[Labels], present: Mask) -> None:
    rows: Rows = defaultdict(list)
    for row, labels in enumerate(results):
        rows[labels].append(row)
    for labels, members in rows.items():
        if len(members) > 1 and (present[members].sum(axis=0) > 1).any():
            raise PromqlError(
                f"multiple matches for labels {series_text(labels)}: many-to-one matching must be "
                "explicit (group_left/group_right), and its results must differ in their labels"
            )


def _refuse_several(one: Vector, rows: Rows, many: Vector, side: str) -> None:
    # An empty other side means that nothing is matched at that step, and nothing is wrong.
    matters = many.present.any(axis=0)
    for signature, members in rows.items():
        if ((one.present[members].sum(axis=0) > 1) & matters).any():
            raise PromqlError(
                f"found duplicate series for the match group {series_text(signature)} on the "
                f"{side} hand-side of the operation: many-to-many matching not allowed"
            )


def _result_labels(left: Labels, right: Labels, matching: Matching, drops_name: bool) -> Labels:
    many, one = (right, left) if matching.many == "right" else (left, right)
    labels = dict(many)
    if drops_name:
        labels.pop(METRIC_NAME, None)
    if not matching.many:
        names = [n for n in labels if (n in matching.labels) != matching.on]
        for name in names:
            del labels[name]
    return canonical(labels | {name: dict(one).get(name, "") for name in matching.include})


def both(left: Vector, right: Vector, matching: Matching) -> Vector:
    """`left and right`: the series of `left` that have a match."""
    return Vector.of(left.labels, left.values, left.present & _matched(left, right, matching))


def unless(left: Vector, right: Vector, matching: Matching) -> Vector:
    """`left unless right`: the series of `left` that have no match."""
    return Vector.of(left.labels, left.values, left.present & ~_matched(left, right, matching))


def either(left: Vector, right: Vector, matching: Matching) -> Vector:
    """`left or right`: the series of `left`, and those of `right` that match none of them."""
    new = right.present & ~_matched(right, left, matching)
    return Vector.joined([left, Vector.of(right.labels, right.values, new)], left.values.shape[1])


def _matched(vector: Vector, other: Vector, matching: Matching) -> Mask:
    """bool[n, S], whether each series of `vector` has a match in `other` at each step."""
    rows = _rows(other, matching)
    nobody: Indices = np.empty(0, dtype=np.int64)
    found = [
        other.present[rows.get(matching.signature(labels), nobody)].any(axis=0)
        for labels in vector.labels
    ]
    return np.array(found, dtype=np.bool_).reshape(vector.present.shape)


SET_OPERATORS = {"and": both, "or": either, "unless": unless}
