"""shuffled: values stay distributed as they were, and lose all they had to do with their rows."""

import numpy as np
from scipy import stats

from tests.faults.senders import sent_and_read, with_fault


def test_the_distribution_stays_and_the_correlation_goes():
    true, read = sent_and_read(with_fault("shuffled", column="pulse"), "pulse")
    assert stats.ks_2samp(true, read).pvalue > 1e-3
    assert abs(stats.pearsonr(true, read).statistic) < 4 / np.sqrt(true.size)
    assert np.unique(read).size == read.size


def test_of_people_the_values_are_those_of_people():
    true, read = sent_and_read(with_fault("shuffled", column="age"), "age")
    assert np.mean(np.isin(read, true)) > 0.99
