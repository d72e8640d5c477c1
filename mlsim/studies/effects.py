"""A factorial study: main effects of settings and their pairwise interactions, from paired runs."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlsim.errors import MlsimError
from mlsim.studies.intervals import of_mean

COLUMNS = ("measure", "effect", "of", "estimate", "low", "high", "sign", "decided")
MOST = 256
"""Combinations that one study runs at most."""
Levels = Mapping[str, Sequence[object]]
Sample = NDArray[np.float64]


class TooManyCombinations(MlsimError):
    """A factorial design that nobody wants to wait for."""


def combinations_of(factors: Levels) -> dict[str, dict[str, object]]:
    """All combinations of the factors' levels, as settings by a name.

    Raises TooManyCombinations, and MlsimError for a factor with fewer than two levels.

    >>> list(combinations_of({"a.b": [1, 2], "c": ["x", "y"]}))
    ['b=1, c=x', 'b=1, c=y', 'b=2, c=x', 'b=2, c=y']
    """
    for path, levels in factors.items():
        if len(set(map(str, levels))) < 2:
            raise MlsimError(f"{path}: a factor needs two levels or more (got {len(levels)})")
    count = math.prod(len(levels) for levels in factors.values())
    if count > MOST:
        raise TooManyCombinations(f"{count} combinations, and one study runs {MOST} at most")
    return {
        _name(factors, levels): dict(zip(factors, levels, strict=True))
        for levels in product(*factors.values())
    }


def _name(factors: Levels, levels: Sequence[object]) -> str:
    short = short_names(factors)
    return ", ".join(f"{short[f]}={level}" for f, level in zip(factors, levels, strict=True))


def short_names(factors: Levels) -> dict[str, str]:
    """The last step of each path, as long as that tells them apart."""
    last = {path: path.rpartition(".")[2] for path in factors}
    return last if len(set(last.values())) == len(last) else {path: path for path in factors}


def effects(
    runs: pd.DataFrame, factors: Levels, measures: Sequence[str], level: float = 0.95
) -> pd.DataFrame:
    """Main and interaction effects of factors on measures, each from every seed by itself.

    runs: tidy (variant, seed, measure, value), variants as `combinations_of` names them.
    effect: "main" or "interaction". of: what is changed, as in `workers: 2 -> 4`. A main effect is
    the mean, over all levels of the others, of what the change does; an interaction is what the one
    change adds to the effect of the other (a difference of differences, averaged likewise), so
    0 where effects simply add up. Source: Yates (1937); levels are held against the first.
    Gives the estimate, its interval at `level` over the seeds, its sign, and whether it is decided.
    """
    rows = [
        (measure, kind, name, *_judged(sample, level))
        for measure in measures
        for kind, name, sample in _effects(_cube(runs, factors, measure), factors)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _cube(runs: pd.DataFrame, factors: Levels, measure: str) -> Sample:
    """float64[seeds, levels of the first factor, levels of the second, ...]."""
    wide = runs[runs["measure"] == measure].pivot(index="seed", columns="variant", values="value")
    values = wide[list(combinations_of(factors))].dropna().to_numpy(np.float64)
    return values.reshape(-1, *(len(levels) for levels in factors.values()))


def _effects(cube: Sample, factors: Levels) -> Iterator[tuple[str, str, Sample]]:
    paths, short = list(factors), short_names(factors)
    for axis, path in enumerate(paths):
        for k in range(1, len(factors[path])):
            name = f"{short[path]}: {factors[path][0]} -> {factors[path][k]}"
            yield "main", name, _over_the_rest(_step(cube, axis + 1, k))
    for one, other in combinations(range(len(paths)), 2):
        levels = (factors[paths[one]], factors[paths[other]])
        for j, k in product(range(1, len(levels[0])), range(1, len(levels[1]))):
            name = (
                f"{short[paths[one]]}: {levels[0][0]} -> {levels[0][j]} x "
                f"{short[paths[other]]}: {levels[1][0]} -> {levels[1][k]}"
            )
            both = _step(_step(cube, other + 1, k), one + 1, j)
            yield "interaction", name, _over_the_rest(both)


def _step(cube: Sample, axis: int, level: int) -> Sample:
    """What a change from the first level does; the axis goes."""
    change: Sample = np.take(cube, [level], axis) - np.take(cube, [0], axis)
    return change


def _over_the_rest(contrasts: Sample) -> Sample:
    """The mean over all axes but that of the seeds."""
    means: Sample = contrasts.reshape(len(contrasts), -1).mean(axis=1)
    return means


def _judged(sample: Sample, level: float) -> tuple[float, float, float, str, bool]:
    interval = of_mean(sample, level)
    if sample.size > 1 and not np.any(np.abs(sample) > 1e-12):
        return (*interval, "same", True)
    sign = "more" if interval.low > 0 else "less" if interval.high < 0 else "open"
    return (*interval, sign, sign != "open")
