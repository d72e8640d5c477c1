"""A channel model behind a haze errs as the haze says, whatever version it is."""

import numpy as np
import pytest
from scipy import stats

from mlsim.errors import ScenarioError
from tests.worlds import DAY, HOUR, World, loaded

CAMERA = """
scenario: camera
horizon: 1d
seed: 5
world:
  check_up: {infected: bernoulli(0.4)}
load:
  check_ups: {rate: 0.5/s, enters: phone}
system:
  phone: {kind: client}
  camera:
    kind: channel_model
    perceives: infected
    sensitivity: 0.9
    specificity: 0.95
    releases: [{at: 12h, sensitivity: 0.99, specificity: 0.99}]
  advice: {kind: policy, when: camera.score > 0.5, then: isolate}
  rollout: {kind: deployer}
flow:
  - phone -> camera -> advice -> phone
"""
MASKS = """
faults:
  - kind: perception_change
    at: 6h
    until: 18h
    component: camera
    sensitivity: 0.5
    specificity: 0.8
"""


def is_share(hits: np.ndarray, expected: float) -> bool:
    """Whether so many hits are within four standard errors of a share."""
    return bool(abs(hits.mean() - expected) < 4 * np.sqrt(expected * (1 - expected) / hits.size))


def test_while_it_lasts_any_version_errs_as_the_haze_says():
    world = World(loaded(CAMERA + MASKS))
    said, infected = world.column("camera.score") == 1, world.column("infected") == 1
    hour = world.log.sent / HOUR
    for first, last, sensitivity, specificity in (
        (0, 6, 0.9, 0.95),
        (6, 12, 0.5, 0.8),  # the first version
        (12, 18, 0.5, 0.8),  # the second, through the same masks
        (18, 24, 0.99, 0.99),
    ):
        here = (hour > first) & (hour < last)
        assert is_share(said[here & infected], sensitivity)
        assert is_share(~said[here & ~infected], specificity)


def test_it_reaches_a_growing_share_of_rows_and_lineage_marks_them():
    """Of infected rows 0.9 are recognised, and 0.5 of the half that is reached in the end."""
    ramped = MASKS.replace("    until: 18h\n", "    ramp: 6h\n    share: 0.5\n")
    world, twin = World(loaded(CAMERA + ramped)), World(loaded(CAMERA))
    touched = np.concatenate([b.touched("camera", "camera.score") for b in world.blocks])
    differs = world.column("camera.score") != twin.column("camera.score")
    assert np.all(touched[differs])
    hour = world.log.sent / HOUR
    assert not touched[hour < 6].any()
    assert is_share(touched[hour > 12], 0.5)
    growing = touched[(hour > 6) & (hour < 12)]
    assert stats.binomtest(int(growing.sum()), growing.size, 0.25).pvalue > 1e-3


def test_a_rolled_back_version_looks_through_the_same_haze():
    world = World(loaded(CAMERA + MASKS.replace("    until: 18h\n", "")))
    rollout = world.system["rollout"]
    rollout.spec.rollback(world.system, rollout.current, "camera")
    before, now = world.system["camera"].settings[-2:]
    assert (before.number, now.number) == (2, 1)
    assert now.hazes == before.hazes
    assert world.system["camera"].history[-1][0] == DAY


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("component: camera", "component: advice", "must be a channel_model, here camera"),
        ("specificity: 0.8", "score_if_true: 1", "needs sensitivity and specificity, or"),
        ("sensitivity: 0.5", "sensitivity: 0.5 * infectd", "did you mean 'infected'"),
    ],
)
def test_refuses(right: str, wrong: str, message: str):
    with pytest.raises(ScenarioError, match=message):
        loaded(CAMERA + MASKS.replace(right, wrong))
