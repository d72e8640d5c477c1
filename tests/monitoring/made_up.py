"""Made-up series with all that makes PromQL hard: resets, gaps, missing series, odd values."""

import numpy as np

from mlsim.telemetry.store import SeriesStore

INTERVAL = 15
SAMPLES = 241


def store(seed: int) -> SeriesStore:
    """An hour at 15 s: counters (with resets, with gaps), gauges, and two histograms."""
    random = np.random.default_rng(seed)
    store = SeriesStore(np.arange(SAMPLES) * float(INTERVAL))
    for component in ("gateway", "phone"):
        for outcome in ("served", "lost"):
            labels = {"component": component, "outcome": outcome}
            store.add("requests_total", labels, _counter(random, gaps=component == "phone"))
        increments = random.poisson([3, 2, 1, 0.2], (SAMPLES, 4))
        sums = random.random(SAMPLES)
        store.add_histogram(
            "wait_seconds", {"component": component}, [0.1, 0.5, 2], increments, sums
        )
        store.add("workers", {"component": component}, random.integers(1, 5, SAMPLES))
        for replica in "01":
            labels = {"component": component, "replica": replica}
            store.add("queue_length", labels, _gauge(random))
    return store


def _counter(random: np.random.Generator, gaps: bool) -> np.ndarray:
    increments = random.poisson(2, SAMPLES).astype(float)
    total = np.zeros(SAMPLES)
    for k in range(1, SAMPLES):
        total[k] = increments[k] if random.random() < 0.02 else total[k - 1] + increments[k]
    return _with_gaps(random, total) if gaps else total


def _gauge(random: np.random.Generator) -> np.ndarray:
    return _with_gaps(random, np.round(random.normal(0, 10, SAMPLES), 2))


def _with_gaps(random: np.random.Generator, values: np.ndarray) -> np.ndarray:
    """Single scrapes that failed, and one silence that outlasts the lookback of five minutes."""
    values = np.where(random.random(SAMPLES) < 0.1, np.nan, values)
    start = int(random.integers(40, SAMPLES - 60))
    values[start : start + 30] = np.nan
    values[[0, -1]] = [1.0, 2.0]
    return values
