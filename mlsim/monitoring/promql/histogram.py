"""histogram_quantile: an estimate from the counts of cumulative buckets."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from mlsim.monitoring.promql.vector import Floats, Indices, Mask, Vector, drop
from mlsim.telemetry.labels import Labels

ALMOST_EQUAL = 1e-12
"""Differences between buckets smaller than this share are taken for rounding."""


def histogram_quantile(quantile: Floats, vector: Vector) -> Vector:
    """The quantile[S] of each histogram, whose buckets differ only in `le`.

    Source: BucketQuantile of Prometheus (promql/quantile.go).
    """
    histograms: dict[Labels, list[tuple[float, int]]] = defaultdict(list)
    for row, labels in enumerate(vector.labels):
        bound = _bound(dict(labels).get("le", ""))
        if bound is not None:
            histograms[drop(labels, ["le"])].append((bound, row))
    shape = (len(histograms), quantile.size)
    values, present = np.full(shape, np.nan), np.zeros(shape, dtype=np.bool_)
    for place, buckets in enumerate(histograms.values()):
        bounds, rows = zip(*sorted(buckets), strict=True)
        present[place] = vector.present[list(rows)].any(axis=0)
        for kept, steps in _alike(vector.present[list(rows)]):
            counts = vector.values[np.ix_(np.array(rows)[kept], steps)]
            values[place, steps] = _quantile(quantile[steps], np.array(bounds)[kept], counts)
    return Vector.of(list(histograms), values, present)


def _bound(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _alike(present: Mask) -> Iterator[tuple[Mask, Indices]]:
    """Steps at which the same buckets are there: (bool[B], indices of the steps)."""
    # Nearly always all buckets are there; sorting the steps by pattern is for the rest.
    whole = present.all(axis=0)
    yield np.ones(len(present), dtype=np.bool_), np.flatnonzero(whole)
    rest = np.flatnonzero(~whole & present.any(axis=0))
    patterns, which = np.unique(present[:, rest], axis=1, return_inverse=True)
    for number, kept in enumerate(patterns.T):
        yield kept, rest[which == number]


def _quantile(quantile: Floats, bounds: Floats, counts: Floats) -> Floats:
    """Quantile[S] of a histogram with upper `bounds`[B] and cumulative `counts`[B, S]."""
    bounds, counts = _one_per_bound(bounds, counts)
    if bounds.size < 2 or bounds[-1] != np.inf:
        inner = np.full(quantile.shape, np.nan)
    else:
        inner = _interpolated(quantile, bounds, _monotonic(counts))
    outside = [np.isnan(quantile), quantile < 0, quantile > 1]
    return np.select(outside, [np.nan, -np.inf, np.inf], inner)


def _one_per_bound(bounds: Floats, counts: Floats) -> tuple[Floats, Floats]:
    unique, first = np.unique(bounds, return_index=True)
    return unique, np.add.reduceat(counts, first, axis=0)


def _monotonic(counts: Floats) -> Floats:
    """Counts that never fall from bucket to bucket, whatever rounding and late scrapes did."""
    rows = [counts[0]]
    for row in counts[1:]:
        before = rows[-1]
        scale = np.maximum(np.abs(before) + np.abs(row), np.finfo(float).tiny)
        same = np.abs(row - before) < ALMOST_EQUAL * scale
        rows.append(np.where((row < before) | same, before, row))
    return np.array(rows)


def _interpolated(quantile: Floats, bounds: Floats, counts: Floats) -> Floats:
    total = counts[-1]
    rank = quantile * total
    bucket = np.minimum((counts[:-1] < rank).sum(axis=0), bounds.size - 1)
    steps = np.arange(rank.size)
    below = np.maximum(bucket - 1, 0)
    start = np.where(bucket > 0, bounds[below], 0.0)
    skipped = np.where(bucket > 0, counts[below, steps], 0.0)
    share = (rank - skipped) / (counts[bucket, steps] - skipped)
    inside = start + (bounds[bucket] - start) * share
    cases = [total == 0, bucket == bounds.size - 1, (bucket == 0) & (bounds[0] <= 0)]
    return np.select(cases, [np.nan, bounds[-2], bounds[0]], inside)
