"""Gains: what the whole gets from a part that gets better, step by step, under the same seeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlsim.studies.intervals import Interval, of_mean

COLUMNS = (
    *("step", "runs", "quality", "quality_low", "quality_high"),
    *("outcome", "difference", "low", "high", "latency", "effect"),
)
STILL = 1e-18
"""A sum of squared changes of quality that is rounding and nothing else."""
Sample = NDArray[np.float64]


@dataclass(frozen=True)
class Slope:
    """The outcome per unit of local quality, over all steps. flips: the steps at which the sign of
    the effect is another one than at a step before, both decided."""

    interval: Interval
    flips: tuple[str, ...]


def steps_table(
    runs: pd.DataFrame, quality: str, outcome: str, latency: str, level: float = 0.95
) -> pd.DataFrame:
    """One row per step: its local quality and its outcome, and the outcome against the first step.

    runs: tidy (variant, seed, measure, value), a variant for each step. quality, outcome, latency:
    names of measures. Gives step, runs, quality with its interval, the outcome's mean and its
    paired difference to the first step with its interval, latency in seconds, and the effect of
    this step against the one before it: "up" or "down" (the outcome, decided at `level`), "none",
    "open".
    """
    steps = list(dict.fromkeys(runs["variant"]))
    local, whole, wait = (_by_step(runs, measure, steps) for measure in (quality, outcome, latency))
    rows = []
    for k, step in enumerate(steps):
        own = of_mean(local[:, k], level)
        apart = of_mean(whole[:, k] - whole[:, 0], level)
        effect = _effect(whole[:, k] - whole[:, k - 1], level) if k else ""
        means = (float(np.mean(whole[:, k])), *apart, float(np.mean(wait[:, k])))
        rows.append((step, len(whole), *own, *means, effect))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def slope(runs: pd.DataFrame, quality: str, outcome: str, level: float = 0.95) -> Slope:
    """Least squares over the steps of each seed, and a Student's interval over the seeds.

    Raises nothing; NaN where the quality doesn't change.
    """
    steps = list(dict.fromkeys(runs["variant"]))
    local, whole = (_by_step(runs, measure, steps) for measure in (quality, outcome))
    centred = local - local.mean(axis=1, keepdims=True)
    spread = (centred**2).sum(axis=1)
    moved = np.where(spread > STILL, spread, np.nan)
    slopes = (centred * whole).sum(axis=1) / moved
    return Slope(of_mean(slopes, level), tuple(_flips(steps, local, whole, level)))


def _flips(steps: Sequence[str], local: Sample, whole: Sample, level: float) -> list[str]:
    """Steps whose effect per quality has another sign than the decided one before."""
    found, last = [], 0
    for k in range(1, len(steps)):
        better = _sign(local[:, k] - local[:, k - 1], level)
        effect = _sign(whole[:, k] - whole[:, k - 1], level)
        sign = better * effect
        if sign and last and sign != last:
            found.append(steps[k])
        last = sign or last
    return found


def _by_step(runs: pd.DataFrame, measure: str, steps: Sequence[str]) -> Sample:
    """float64[seeds, steps], seeds that have all steps."""
    wide = runs[runs["measure"] == measure].pivot(index="seed", columns="variant", values="value")
    return wide[list(steps)].dropna().to_numpy(np.float64)


def _sign(change: Sample, level: float) -> int:
    interval = of_mean(change, level)
    if change.size > 1 and np.ptp(change) == 0:
        return int(np.sign(change[0]))
    return int(interval.low > 0) - int(interval.high < 0)


def _effect(change: Sample, level: float) -> str:
    if not np.any(change):
        return "none"
    return {1: "up", -1: "down", 0: "open"}[_sign(change, level)]


def per_point(found: Slope) -> Interval:
    """The slope per point of quality, which is a hundredth."""
    return Interval(*(end / 100 if math.isfinite(end) else end for end in found.interval))
