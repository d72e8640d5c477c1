"""Compile what a run needs, ahead of time: the engine's kernel and the recorder's counting."""

import numpy as np

from mlsim import engine
from mlsim.telemetry.folding import BUCKETS, add_work, count, count_durations, count_passage


def warm() -> float:
    """Compile everything that runs need, unless the cache has it; returns the seconds it took."""
    return engine.warm(_fold)


def _fold() -> None:
    rows, times, numbers = np.zeros(1, np.int64), np.ones(1), np.zeros(1, np.int32)
    counts, buckets = np.zeros((1, 1), np.int32), np.zeros((1, 1, BUCKETS.size + 1), np.int32)
    count(rows, times, 1.0, 1, counts)
    count_durations(rows, times, times, 1.0, 1, buckets, np.zeros((1, 1), np.int64))
    count_passage(numbers, numbers, times, times, times, 1.0, 1, counts, counts, counts, counts)
    work, visits = np.zeros((1, 1)), np.zeros((1, 1), np.int64)
    add_work(numbers, numbers, times, times, times, times, 1.0, 1, work, visits, work, times)
