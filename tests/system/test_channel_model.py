"""A channel model errs as it says, for whom it says; a better version errs for fewer of them."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from mlsim import api
from mlsim.errors import ScenarioError
from tests.worlds import DAY, World, loaded

CAMERA = """
scenario: camera
horizon: 1d
seed: 5
world:
  people: 3000
  person: {smoker: bernoulli(0.3)}
  check_up: {infected: bernoulli(0.4)}
load:
  check_ups: {rate: 0.2/s, of: person, enters: phone}
system:
  phone: {kind: client}
  cough:
    kind: channel_model
    perceives: infected
    sensitivity: 0.8 - 0.3 * smoker
    specificity: 0.9
    releases: [{at: 12h, sensitivity: 0.9 - 0.3 * smoker, specificity: 0.95}]
  advice: {kind: policy, when: cough.score > 0.5, then: isolate}
  rollout: {kind: deployer, models: [cough]}
flow:
  - phone -> cough -> advice -> phone
"""


def rate(hits: np.ndarray, expected: float) -> bool:
    return bool(abs(hits.mean() - expected) < 4 * np.sqrt(expected * (1 - expected) / hits.size))


def test_sensitivity_and_specificity_by_slice_and_version():
    world = World(loaded(CAMERA))
    said = world.column("cough.score")
    infected, smoker = world.column("infected") == 1, world.column("smoker") == 1
    new = world.log.sent > DAY / 2
    for version, sensitivity, specificity in ((~new, 0.8, 0.9), (new, 0.9, 0.95)):
        assert rate(said[version & infected & ~smoker] == 1, sensitivity)
        assert rate(said[version & infected & smoker] == 1, sensitivity - 0.3)
        assert rate(said[version & ~infected] == 0, specificity)


def test_a_better_version_keeps_what_the_old_one_got_right():
    both, old = World(loaded(CAMERA)), World(loaded(CAMERA, system__cough__releases=[]))
    infected = old.column("infected")
    right_then = old.column("cough.score") == infected
    right_now = both.column("cough.score") == infected
    assert np.all(right_now >= right_then)
    assert right_now.sum() > right_then.sum()


def test_versions_are_registered_pushed_and_can_be_rolled_back():
    world = World(loaded(CAMERA))
    assert [v.number for v in world.system.registry.versions("cough")] == [1, 2]
    assert world.system.registry.deployed["cough"] == [(DAY / 2, 2)]
    rollout = world.system["rollout"]
    rollout.spec.rollback(world.system, rollout.current, "cough")
    assert world.system["cough"].current.number == 1


def test_the_first_version_is_told_from_the_beginning():
    """A learned model has none before its first training; this one is there."""
    run = api.Scenario(loaded(CAMERA), None).run(twin=False)
    series = {dict(one.labels)["__name__"]: one.values for one in run.findings.run.store}
    hours = run.findings.run.store.times / 3600
    np.testing.assert_array_equal(series["model_version"], np.where(hours < 12, 1, 2))
    np.testing.assert_allclose(series["model_age_seconds"] / 3600, hours - 12 * (hours >= 12))


def test_score_distributions():
    text = CAMERA.replace("sensitivity: 0.8 - 0.3 * smoker", "score_if_true: normal(0.7, 0.15)")
    text = text.replace("specificity: 0.9\n", "score_if_false: normal(0.3, 0.1)\n")
    world = World(loaded(text, system__cough__releases=[]))
    said, infected = world.column("cough.score"), world.column("infected") == 1
    assert stats.kstest(said[infected], stats.norm(0.7, 0.15).cdf).pvalue > 1e-3
    assert stats.kstest(said[~infected], stats.norm(0.3, 0.1).cdf).pvalue > 1e-3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"perceives": "infectd"}, "did you mean 'infected'"),
        ({"sensitivity": "0.9 - 0.1 * smokr"}, "did you mean 'smoker'"),
        ({"score_if_true": "0.5"}, "needs sensitivity and specificity, or"),
    ],
)
def test_refuses(change: dict[str, Any], message: str):
    with pytest.raises(ScenarioError, match=message):
        loaded(CAMERA, **{f"system__cough__{key}": value for key, value in change.items()})
