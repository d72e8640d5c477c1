"""Aggregations across series, by or without labels: sum, avg, min, max, count and the like."""

from collections import defaultdict
from collections.abc import Callable, Collection

import numpy as np

from mlsim.monitoring.promql.folding import Parts, add_exactly, rounded
from mlsim.monitoring.promql.over_time import SCALE
from mlsim.monitoring.promql.vector import Floats, Mask, Vector, drop, keep
from mlsim.telemetry.labels import Labels

Aggregation = Callable[[Floats, Mask], Floats]


def aggregate(name: str, vector: Vector, labels: Collection[str], without: bool) -> Vector:
    """One series for each group of series that agree in `labels` (or in all others).

    name: a key of AGGREGATIONS.
    """
    groups: dict[Labels, list[int]] = defaultdict(list)
    for row, series in enumerate(vector.labels):
        groups[drop(series, labels) if without else keep(series, labels)].append(row)
    compute = AGGREGATIONS[name]
    results = [compute(vector.values[rows], vector.present[rows]) for rows in groups.values()]
    present = [vector.present[rows].any(axis=0) for rows in groups.values()]
    shape = (len(groups), vector.values.shape[1])
    return Vector.of(
        list(groups), np.array(results).reshape(shape), np.array(present, dtype=bool).reshape(shape)
    )


def _sum(values: Floats, present: Mask) -> Floats:
    # Row by row: the order of a sum over an axis is NumPy's own affair and varies with the shape.
    total: Parts = (np.zeros(values.shape[1]), np.zeros(values.shape[1]))
    for row in np.where(present, values, 0.0):
        total = add_exactly(total, (row, np.zeros_like(row)))
    return rounded(total)


def _count(values: Floats, present: Mask) -> Floats:
    return np.asarray(present.sum(axis=0), dtype=np.float64)


def _avg(values: Floats, present: Mask) -> Floats:
    total, count = _sum(values, present), _count(values, present)
    if np.isfinite(total).all():
        return total / count
    return np.where(
        np.isfinite(total), total / count, _sum(values * SCALE, present) / count / SCALE
    )


def _min(values: Floats, present: Mask) -> Floats:
    return np.asarray(np.fmin.reduce(np.where(present, values, np.nan), axis=0))


def _max(values: Floats, present: Mask) -> Floats:
    return np.asarray(np.fmax.reduce(np.where(present, values, np.nan), axis=0))


def _group(values: Floats, present: Mask) -> Floats:
    return np.ones(values.shape[1])


def _stdvar(values: Floats, present: Mask) -> Floats:
    return _avg((values - _avg(values, present)) ** 2, present)


def _stddev(values: Floats, present: Mask) -> Floats:
    return np.sqrt(_stdvar(values, present))


AGGREGATIONS: dict[str, Aggregation] = {
    "sum": _sum,
    "avg": _avg,
    "min": _min,
    "max": _max,
    "count": _count,
    "group": _group,
    "stddev": _stddev,
    "stdvar": _stdvar,
}
