"""When a comparison has run enough: at a stated precision, looked at after each replication.

The rule is Chow and Robbins's (1965): stop as soon as the half-width of the interval is at most
the precision asked for. For a relative precision p the half-width is held against p/(1 + p) of the
mean, since the mean itself is an estimate; and there are at least 20 runs, since a small sample may
by chance look as if it varied little. Both are Law, Kelton and Koenig's ("Relative width sequential
confidence intervals for the mean", Communications in Statistics B10, 1981).
"""

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from mlsim.studies.differences import differences
from mlsim.studies.paired import Replications

AT_LEAST = 20
"""Runs before the first look."""
METHOD = "Chow and Robbins (1965), as by Law, Kelton and Koenig (1981)"


@dataclass(frozen=True)
class Precision:
    """Whether some paired replications are precise enough, asked after each of them.

    share: the half-width of each difference is to be at most this share of the baseline's mean (of
    the variant's, where that is larger); for a share of runs, at most so much of 1. measures: those
    that have to be. level: of the intervals. shares: measures that are 0 or 1 in each run.
    """

    share: float
    baseline: str
    measures: Collection[str]
    level: float = 0.95
    shares: Collection[str] = ()

    def __call__(self, so_far: Replications) -> bool:
        """Whether all that is asked for is reached."""
        if len(so_far.seeds) < AT_LEAST:
            return False
        table = so_far.table
        table = table[table["measure"].isin(list(self.measures))]
        rows = differences(table, self.baseline, self.level, self.shares)
        return bool(len(rows)) and bool(self.reached(rows).all())

    def reached(self, rows: pd.DataFrame) -> "pd.Series[bool]":
        """For each row of a table of differences, whether it is as precise as was asked for."""
        width = pd.concat(
            [rows["difference"] - rows["low"], rows["high"] - rows["difference"]], axis=1
        ).max(axis=1)
        size = rows[["baseline", "mean"]].abs().max(axis=1)
        relative = size * relative_to_estimate(self.share)
        allowed = relative.where(~rows["measure"].isin(list(self.shares)), self.share)
        return (width <= allowed) & (rows["runs"] >= AT_LEAST)


def relative_to_estimate(share: float) -> float:
    """What share of the estimated mean a half-width may be, to be at most `share` of the true one.

    >>> round(relative_to_estimate(0.05), 4)
    0.0476
    """
    return share / (1 + share)
