"""Hours and weekdays are those of the scenario's start, wherever an expression stands."""

import numpy as np
import pytest

from mlsim.system.feedback import Channel
from tests.worlds import World, loaded

START = "2020-11-03T06:00:00Z"  # a Tuesday, six in the morning
AT_NOON = "daily(trough=0, peak_at=12h)"
CLOCKED = f"""
scenario: clocked
start: {START}
history: 4d
horizon: 6d
seed: 5
world:
  people: 500
  check_up:
    ill: bernoulli(0.3)
    reading: normal(ill, 1)
load:
  check_ups: {{rate: 0.02/s, of: person, enters: phone}}
system:
  phone: {{kind: client}}
  clock: {{kind: external, provides: {{outside: "{AT_NOON}"}}}}
  features: {{kind: transform, reads: [reading], makes: {{inside: "{AT_NOON}"}}}}
  camera:
    kind: channel_model
    perceives: ill
    score_if_true: "{AT_NOON}"
    score_if_false: "{AT_NOON}"
  model: {{kind: model, predicts: ill, inputs: [reading]}}
  advice: {{kind: policy, when: "{AT_NOON} > 1", then: go}}
  weekend: {{kind: policy, when: "weekly(0) < 0.5", then: rest}}
  telemetry: {{kind: collector}}
  labels: {{kind: feedback, reveals: ill, share: "weekly(0) < 0.5"}}
  nightly: {{kind: trainer, model: model, every: 1d, window: 4d, gate: "weekly(0) < 0.5"}}
flow:
  - phone -> clock -> features -> camera -> model -> advice -> weekend -> phone
  - weekend ~> telemetry
"""


@pytest.fixture(scope="module")
def world() -> World:
    return World(loaded(CLOCKED))


def hour(world: World) -> np.ndarray:
    """O'clock at which each request was sent; day 0 begins at six."""
    return (world.log.sent / 3600 + 6) % 24


@pytest.mark.parametrize("column", ["clock.outside", "features.inside", "camera.score"])
def test_daily_peaks_at_its_hour(world: World, column: str):
    expected = 1 + np.cos(2 * np.pi * (hour(world) - 12) / 24)
    np.testing.assert_allclose(world.column(column), expected, atol=1e-9)


def test_a_policy_knows_the_hour(world: World):
    by_day = (hour(world) > 6) & (hour(world) < 18)
    np.testing.assert_array_equal(world.column("advice.go"), by_day)


def is_weekend(time: np.ndarray) -> np.ndarray:
    """Of seconds since day 0, a Tuesday at six."""
    weekday = np.floor((time / 3600 + 24 + 6) / 24) % 7
    return weekday >= 5


def test_a_policy_knows_the_weekday(world: World):
    np.testing.assert_array_equal(world.column("weekend.rest"), is_weekend(world.log.sent))
    assert 0.1 < is_weekend(world.log.sent).mean() < 0.5


def test_labels_come_in_on_their_days(world: World):
    assert isinstance(world.system["labels"].current, Channel)
    for block in world.collected:
        known = np.isfinite(block.known_at("ill"))
        np.testing.assert_array_equal(known, is_weekend(block.log.end))


def test_a_gate_opens_on_its_days(world: World):
    """Trainings are from Wednesday to Sunday, each day at six."""
    versions = world.system.registry.versions("model")[1:]
    trained = np.array([version.trained_at for version in versions])
    assert [v.passed for v in versions] == is_weekend(trained).tolist()
    assert trained.size == 5


def test_without_a_start_day_0_is_a_monday_at_midnight():
    unstarted = World(loaded(CLOCKED.replace(f"start: {START}\n", "")))
    by_day = (unstarted.log.sent / 3600 % 24 > 6) & (unstarted.log.sent / 3600 % 24 < 18)
    np.testing.assert_array_equal(unstarted.column("advice.go"), by_day)
