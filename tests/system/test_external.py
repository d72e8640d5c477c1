"""A source that belongs to somebody else: what it knows, and what is left without it."""

import numpy as np
import pytest

from mlsim.errors import ScenarioError
from tests.faults.services import SHOP
from tests.worlds import HOUR, World, loaded


@pytest.fixture(scope="module")
def day() -> World:
    return World(loaded(SHOP.replace("    timeout: 1s\n", "")))


def test_it_answers_with_what_is_true(day: World):
    expected = 10 * day.column("rainy") + 1 + day.log.arrival / (24 * HOUR)
    np.testing.assert_allclose(day.read("features", "rain"), expected)
    wind = day.read("features", "wind")
    assert 0 < wind.min() < wind.max() < 5


def test_a_call_that_is_not_answered_in_time_brings_nothing(day: World):
    """An exponential call of 200 ms in the mean takes over a second with P = exp(-5)."""
    hurried = World(loaded(SHOP))
    missing = np.isnan(hurried.read("features", "rain"))
    calls = day.visits_of("weather")
    slow = dict(zip(calls.request.tolist(), (calls.end - calls.start > 1).tolist(), strict=True))
    assert missing.tolist() == [slow[one] for one in hurried.log.request.tolist()]
    np.testing.assert_array_equal(missing, np.isnan(hurried.read("features", "wind")))
    assert np.all(hurried.column("ok"))


def test_a_request_fails_with_a_call_that_is_not_optional():
    strict = World(loaded(SHOP.replace("    timeout: 1s\n", "    timeout: 1s\n    optional: no\n")))
    late = ~strict.column("ok")
    assert 0 < late.sum() < 0.02 * late.size
    assert np.all(strict.column("timed_out")[late])


def test_calls_over_the_quota_are_rejected_until_the_next_period():
    """720 calls an hour come, the first 360 are answered."""
    quota = "    timeout: 1s\n    quota: {calls: 360, per: 1h}\n"
    calls = World(loaded(SHOP.replace("    timeout: 1s\n", quota))).visits_of("weather")
    hour = (calls.arrival // HOUR).astype(int)
    answered = np.bincount(hour[calls.replica >= 0])
    assert np.all(answered == 360)
    for one in range(24):
        times = calls.arrival[hour == one]
        turned_away = times[calls.replica[hour == one] < 0]
        assert turned_away.min() > times[calls.replica[hour == one] >= 0].max()


def test_a_quota_that_is_never_used_up_changes_nothing(day: World):
    ample = "    quota: {calls: 1000000, per: 1h}\n"
    other = World(loaded(SHOP.replace("    timeout: 1s\n", ample)))
    for field in ("request", "arrival", "end", "outcome"):
        assert getattr(day.log, field).tobytes() == getattr(other.log, field).tobytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("10 * rainy", "10 * rany"), r"provides.rain: the world has no column 'rany'.*'rainy'"),
        (("timeout: 1s", "timeout: 0s"), r"timeout: must be a duration of more than 0"),
        (
            (
                "features: {kind",
                "guess: {kind: model, predicts: rainy, inputs: [amount]}\n  f: {kind",
            ),
            r"provides.rain: must not know 'rainy', which a model is there to find out",
        ),
    ],
)
def test_refuses(change: tuple[str, str], message: str):
    with pytest.raises(ScenarioError, match=message):
        loaded(SHOP.replace(*change))
