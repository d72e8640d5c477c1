"""Draws follow their laws, and belong to (seed, stream, entity, attempt) alone."""

import math

import numpy as np
import pytest
from scipy import stats

from mlsim.engine.draws import (
    Distribution,
    lognormal_parameters,
    quantile,
    sample,
    stream,
    uniform,
    uniform_at,
)

N = 100_000
IDS = np.arange(N)
KEY = stream(3, "laws")

LAWS = [
    (Distribution.EXPONENTIAL, 2.0, 0.0, stats.expon(scale=2.0)),
    (Distribution.LOGNORMAL, 0.3, 0.8, stats.lognorm(0.8, scale=math.exp(0.3))),
    (Distribution.NORMAL, -1.0, 3.0, stats.norm(-1.0, 3.0)),
    (Distribution.UNIFORM, 2.0, 5.0, stats.uniform(2.0, 3.0)),
    (Distribution.WEIBULL, 2.0, 0.7, stats.weibull_min(0.7, scale=2.0)),
    (Distribution.PARETO, 1.5, 2.5, stats.pareto(2.5, scale=1.5)),
]


@pytest.mark.parametrize(("law", "a", "b", "truth"), LAWS, ids=lambda x: getattr(x, "name", ""))
def test_sample_follows_its_law(law, a, b, truth):
    assert stats.kstest(sample(KEY, IDS, law, a, b), truth.cdf).pvalue > 0.01


@pytest.mark.parametrize(("law", "a", "b", "truth"), LAWS, ids=lambda x: getattr(x, "name", ""))
def test_quantile_is_the_inverse_distribution_function(law, a, b, truth):
    p = np.array([1e-9, 0.01, 0.5, 0.99, 1.0 - 1e-9])
    got = [quantile(int(law), a, b, u) for u in p.tolist()]
    np.testing.assert_allclose(got, truth.ppf(p), rtol=1e-12, atol=1e-15)


def test_constant_and_bernoulli():
    assert set(sample(KEY, IDS[:9], Distribution.CONSTANT, 4.5).tolist()) == {4.5}
    coin = sample(KEY, IDS, Distribution.BERNOULLI, 0.3)
    assert stats.binomtest(int(coin.sum()), N, 0.3).pvalue > 0.01
    assert sample(KEY, IDS, Distribution.BERNOULLI, 1.0).all()
    assert not sample(KEY, IDS, Distribution.BERNOULLI, 0.0).any()


def test_a_raised_probability_keeps_whom_it_had():
    few, more = (sample(KEY, IDS, Distribution.BERNOULLI, p) for p in (0.2, 0.25))
    assert np.all(more >= few)


def test_lognormal_parameters_give_mean_and_cv():
    mu, sigma = lognormal_parameters(mean=2.0, cv=0.5)
    truth = stats.lognorm(sigma, scale=math.exp(mu))
    assert truth.mean() == pytest.approx(2.0)
    assert truth.std() / truth.mean() == pytest.approx(0.5)


def test_uniforms_lie_strictly_between_0_and_1_and_are_even():
    u = uniform(KEY, IDS)
    assert 0.0 < u.min() < u.max() < 1.0
    assert stats.kstest(u, "uniform").pvalue > 0.01


def test_entities_attempts_streams_and_seeds_are_unrelated():
    columns = [
        uniform(KEY, IDS),
        uniform(KEY, IDS, 1),
        uniform(KEY, IDS + 1),
        uniform(KEY, IDS << 32),
        uniform(stream(3, "other"), IDS),
        uniform(stream(4, "laws"), IDS),
    ]
    correlations = np.corrcoef(columns)[np.triu_indices(len(columns), 1)]
    # Unrelated columns correlate by chance, with a standard deviation of 1/sqrt(N).
    assert np.abs(correlations).max() < 4.0 / math.sqrt(N)


def test_a_draw_does_not_depend_on_its_block():
    whole = sample(KEY, IDS, Distribution.NORMAL, 0.0, 1.0)
    parts = [sample(KEY, part, Distribution.NORMAL, 0.0, 1.0) for part in np.split(IDS, [1, 17])]
    assert np.array_equal(whole, np.concatenate(parts))
    assert uniform(KEY, [IDS[5]])[0] == uniform_at(KEY, 5, 0)


def test_parameters_and_attempts_may_be_columns():
    means, attempts = np.linspace(0.0, 5.0, 10), np.arange(10)
    got = sample(KEY, IDS[:10], Distribution.UNIFORM, means, means + 1.0, attempts)
    for k in range(10):
        low = float(means[k])
        assert got[k] == quantile(4, low, low + 1.0, uniform_at(KEY, k, k))


def test_refuses_columns_of_another_length():
    with pytest.raises(ValueError, match=r"one per id \(3\), got 2"):
        sample(KEY, [1, 2, 3], Distribution.NORMAL, [0.0, 1.0])


def test_empty_columns():
    assert uniform(KEY, []).size == 0
    assert sample(KEY, [], Distribution.NORMAL, 0.0, 1.0).size == 0
