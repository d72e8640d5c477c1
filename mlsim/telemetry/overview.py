"""One line per component and per model: what a run looked like from day 0 to the horizon."""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlsim.system.simulation import System
from mlsim.telemetry.folding import BUCKETS, NANOSECONDS
from mlsim.telemetry.recorder import Recorder


def components(system: System, recorder: Recorder) -> pd.DataFrame:
    """name, kind, requests, rejected, lost, utilisation (share of the workers' time, NaN if they
    are unlimited), mean_s, p50_s, p95_s and p99_s (sojourn time; quantiles read off the histogram).
    """
    tally, live = recorder.visits, recorder.times > 0
    rows = []
    for i, name in enumerate(tally.names):
        served, rejected, lost = (
            int(tally.counts[i * len(tally.outcomes) + k, live].sum())
            for k in range(len(tally.outcomes))
        )
        histogram = tally.buckets[i, live].sum(axis=0)
        total = int(histogram.sum())
        rows.append(
            {
                "name": name,
                "kind": system[name].spec.kind,
                "requests": served + rejected + lost,
                "rejected": rejected,
                "lost": lost,
                "utilisation": _utilisation(system, name, recorder.busy_seconds[i]),
                "mean_s": tally.sums[i, live].sum() / NANOSECONDS / total if total else math.nan,
                **{f"p{p}_s": quantile(histogram, p / 100) for p in (50, 95, 99)},
            }
        )
    return pd.DataFrame(rows)


def models(system: System) -> pd.DataFrame:
    """name, version in force at the end, when it was trained (seconds), and on what."""
    rows = []
    for name, deployed in system.items():
        if deployed.spec.has_versions:
            version = deployed.current
            rows.append(
                {
                    "name": name,
                    "version": version.number,
                    "trained_at_s": version.trained_at,
                    "trained_on_rows": version.rows,
                    "trained_on_positives": version.positives,
                }
            )
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else ["name", "version"])


def warnings(system: System) -> tuple[str, ...]:
    """What somebody who looks at the results should know first."""
    return tuple(
        f"{name} was never trained: too few labelled rows had reached a collector"
        for name, deployed in system.items()
        if deployed.spec.has_versions and deployed.current.estimator is None
    )


def quantile(histogram: NDArray[np.int64], q: float) -> float:
    """A quantile in seconds, by straight lines within buckets, as Prometheus reads a histogram.

    >>> quantile(np.array([0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0]), 0.5)  # ten in (50, 100] ms
    0.075
    """
    total = histogram.sum()
    if total == 0:
        return math.nan
    reached = np.cumsum(histogram)
    bucket = int(np.searchsorted(reached, q * total))
    if bucket >= BUCKETS.size:
        return float(BUCKETS[-1])
    low = float(BUCKETS[bucket - 1]) if bucket else 0.0
    below = float(reached[bucket - 1]) if bucket else 0.0
    share = (q * total - below) / float(histogram[bucket])
    return float(low + (BUCKETS[bucket] - low) * share)


def _utilisation(system: System, name: str, busy_seconds: float) -> float:
    workers = getattr(system[name].spec, "workers", None)
    if workers is None:
        return math.nan
    return float(busy_seconds / (workers * system.replicas[name] * system.scenario.horizon))
