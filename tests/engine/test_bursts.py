"""Bursts: a Markov chain in time, and the arrivals that follow it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlsim.engine.bursts import Bursts

PATH = Bursts(lasting=30.0, apart=90.0, seed=3, stream="doc")


def stays(path: Bursts, horizon: float, step: float) -> tuple[np.ndarray, np.ndarray]:
    """How long the path stays busy and quiet, on a fine grid; the first and last left out."""
    time = np.arange(0.0, horizon, step)
    busy = path(time)
    turns = np.flatnonzero(np.diff(busy)) + 1
    lengths, kinds = np.diff(turns) * step, busy[turns[:-1]]
    return lengths[kinds == 1], lengths[kinds == 0]


def test_bursts_and_the_gaps_between_them_are_exponential():
    """Kolmogorov-Smirnov, the grid's step smoothed away by luck of our own."""
    luck = np.random.default_rng(1)
    for lengths, mean in zip(stays(PATH, 400_000.0, 0.05), (30.0, 90.0), strict=True):
        smooth = lengths + 0.05 * luck.uniform(-0.5, 0.5, lengths.size)
        assert lengths.size > 2_500
        assert stats.kstest(smooth / mean, "expon").pvalue > 0.01


def test_a_burst_says_nothing_of_the_length_of_the_gap_after_it():
    busy, quiet = stays(PATH, 400_000.0, 0.05)
    n = min(busy.size, quiet.size)
    assert abs(stats.spearmanr(busy[:n], quiet[:n]).statistic) < 4 / np.sqrt(n)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30), st.integers(1, 29))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_path_is_the_same_in_any_blocks_and_from_any_beginning(times, cut):
    time = np.array(times)
    whole = PATH(time)
    parts = [PATH(part) for part in (time[:cut], time[cut:])]
    assert np.array_equal(np.concatenate(parts), whole)
    assert [PATH(np.array([t]))[0] for t in times] == whole.tolist()


def test_other_seeds_and_streams_have_other_bursts():
    time = np.arange(0.0, 50_000.0, 60.0)
    for other in (Bursts(30.0, 90.0, 4, "doc"), Bursts(30.0, 90.0, 3, "another")):
        assert abs(stats.pearsonr(PATH(time), other(time)).statistic) < 0.15


@pytest.mark.parametrize(("lasting", "apart"), [(1.0, 1000.0), (1000.0, 1.0)])
def test_share_of_time_in_bursts(lasting: float, apart: float):
    """Against lasting / (lasting + apart), to four standard errors of so many cycles."""
    time = np.arange(0.0, 2e6, 0.5)
    expected = lasting / (lasting + apart)
    cycles = 2e6 / (lasting + apart)
    error = 2 * expected * (1 - expected) / np.sqrt(cycles)
    assert abs(Bursts(lasting, apart, 1, "doc")(time).mean() - expected) < 4 * error
