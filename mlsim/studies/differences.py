"""What variants differ in, measure by measure, with intervals from paired replications."""

import math
from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlsim.studies.intervals import Interval, of_mean, of_share_difference

COLUMNS = (
    *("variant", "measure", "runs", "baseline", "mean", "difference", "low", "high"),
    *("sign", "decided", "variance_reduction"),
)
Sample = NDArray[np.float64]


def differences(
    table: pd.DataFrame, baseline: str, level: float = 0.95, shares: Collection[str] = ()
) -> pd.DataFrame:
    """Each variant minus the baseline, from the runs that both have: one row per measure.

    table: tidy (see `mlsim.studies.paired`). shares: measures that are 0 or 1 in each run.
    Gives variant, measure, runs, the means of baseline and variant, their difference and the ends
    of its interval at `level`, each measure for itself; sign ("more", "less", "same": in every run,
    or "open": the interval has 0 in it); decided, whether the sign is known; variance_reduction, by
    how many times independent runs would have to be more for as narrow an interval.
    """
    wide = table.pivot(index="seed", columns=["variant", "measure"], values="value")
    order = list(dict.fromkeys(table["measure"]))
    rows = [
        _row(variant, measure, *pair, level=level, is_share=measure in shares)
        for variant in dict.fromkeys(table["variant"])
        if variant != baseline
        for measure in order
        if (pair := _pair(wide, baseline, variant, measure)) is not None
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _pair(
    wide: pd.DataFrame, baseline: str, variant: str, measure: str
) -> tuple[Sample, Sample] | None:
    keys = [(baseline, measure), (variant, measure)]
    if any(key not in wide.columns for key in keys):
        return None
    both = wide[keys].dropna().to_numpy()
    return both[:, 0], both[:, 1]


def _row(
    variant: str, measure: str, before: Sample, after: Sample, level: float, is_share: bool
) -> tuple[object, ...]:
    interval = difference_of(before, after, level, is_share)
    sign = _sign(before, after, interval)
    means = [float(sample.mean()) if sample.size else math.nan for sample in (before, after)]
    reduction = variance_reduction(before, after)
    return (variant, measure, before.size, *means, *interval, sign, sign != "open", reduction)


def difference_of(before: Sample, after: Sample, level: float, is_share: bool = False) -> Interval:
    """After minus before, run by run, with its interval."""
    if is_share and before.size:
        return of_share_difference(before, after, level)
    return of_mean(after - before, level)


def _sign(before: Sample, after: Sample, interval: Interval) -> str:
    if before.size > 1 and not np.any(after - before):
        return "same"
    if interval.low > 0:
        return "more"
    return "less" if interval.high < 0 else "open"


def variance_reduction(before: Sample, after: Sample) -> float:
    """The variance that the difference would have with independent runs, over the one it has.

    inf where pairing leaves no variance, NaN where there was none.
    """
    if before.size < 2:
        return math.nan
    apart = float(before.var(ddof=1) + after.var(ddof=1))
    paired = float((after - before).var(ddof=1))
    if paired == 0:
        return math.inf if apart > 0 else math.nan
    return apart / paired
