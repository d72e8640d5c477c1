"""Rows on their way to a collector: twice, late, out of order; never lost, never early."""

import numpy as np
import pytest

from mlsim.errors import ScenarioError
from tests.faults.senders import phone
from tests.worlds import CLINIC, DAY, HOUR, World, loaded

LATE = """faults:
  - {kind: late_rows, at: 6h, until: 12h, component: telemetry, share: 0.5,
     delay: "exponential(mean=1h)"}
"""
TWICE = """faults:
  - {kind: duplicated_rows, at: 6h, until: 12h, component: telemetry, share: 0.3, delay: 10min}
"""


def arrivals(world: World) -> dict[int, list[float]]:
    """When each row arrived, by request, in the order in which it was told."""
    found: dict[int, list[float]] = {}
    for block in world.collected:
        for request, time in zip(block.log.request, block.log.end, strict=True):
            found.setdefault(int(request), []).append(float(time))
    return found


def times(world: World) -> np.ndarray:
    return np.concatenate([block.log.end for block in world.collected])


@pytest.fixture(scope="module")
def on_time() -> dict[int, list[float]]:
    return arrivals(World(loaded(phone())))


def test_a_share_of_the_rows_is_late_by_its_delay(on_time: dict[int, list[float]]):
    late = arrivals(World(loaded(phone() + LATE)))
    delay = np.array([late[one][0] - on_time[one][0] for one in on_time if one in late])
    sent = np.array([on_time[one][0] for one in on_time if one in late])
    during = (sent > 6 * HOUR) & (sent <= 12 * HOUR)
    assert np.all(delay >= 0)
    assert not delay[~during].any()
    hit = delay[during & (delay > 0)]
    assert abs(hit.size / during.sum() - 0.5) < 4 * 0.5 / np.sqrt(during.sum())
    assert abs(hit.mean() / HOUR - 1) < 4 / np.sqrt(hit.size)


def test_rows_are_told_in_the_order_in_which_they_arrive():
    world = World(loaded(phone() + LATE))
    assert np.all(np.diff(times(world)) >= 0)
    order = np.concatenate([block.log.sent for block in world.collected])
    assert np.any(np.diff(order) < 0), "some were overtaken"


def test_a_share_of_the_rows_arrives_once_more(on_time: dict[int, list[float]]):
    twice = arrivals(World(loaded(phone() + TWICE)))
    assert twice.keys() == on_time.keys()
    again = {one: when for one, when in twice.items() if len(when) == 2}
    for one, (first, second) in again.items():
        assert first == on_time[one][0]
        assert second == first + 600
        assert 6 * HOUR < first <= 12 * HOUR
    candidates = sum(6 * HOUR < when[0] <= 12 * HOUR for when in on_time.values())
    assert abs(len(again) / candidates - 0.3) < 4 * np.sqrt(0.21 / candidates)


@pytest.mark.parametrize("fault", [LATE, TWICE])
def test_in_which_blocks_rows_come_does_not_matter(fault: str, monkeypatch):
    large = World(loaded(phone() + fault))
    monkeypatch.setattr("mlsim.system.simulation.BLOCK", 97)
    small = World(loaded(phone() + fault))
    assert len(small.collected) > len(large.collected)
    # What is still under way when the last row is told never arrives in either.
    np.testing.assert_array_equal(times(small), times(large))
    assert list(arrivals(small)) == list(arrivals(large))


@pytest.mark.parametrize("kind", ["late_rows", "duplicated_rows"])
def test_zero_share_is_the_twin_to_the_last_bit(kind: str):
    fault = f"faults:\n  - {{kind: {kind}, at: 6h, component: telemetry, share: 0, delay: 1h}}\n"
    world, twin = World(loaded(phone() + fault)), World(loaded(phone()))
    for field in ("request", "attempts", "arrival", "sent", "end", "outcome", "answer"):
        mine = np.concatenate([getattr(block.log, field) for block in world.collected])
        other = np.concatenate([getattr(block.log, field) for block in twin.collected])
        assert mine.tobytes() == other.tobytes()


def test_a_model_fitted_on_such_rows_is_touched_and_one_before_is_not():
    """Version 2 is fitted at day 1, on rows of which a third came twice; version 1 on none."""
    clinic = CLINIC.split("faults:")[0].replace(
        "  telemetry:",
        "  nightly: {kind: trainer, model: cough_model, every: 1d, window: 1d}\n  telemetry:",
    )
    world = World(loaded(clinic + TWICE))
    first, second = world.system.registry.versions("cough_model")[:2]
    assert first.touched_rows == 0
    copies = sum(len(when) - 1 for when in arrivals(world).values())
    assert 0.7 * copies < second.touched_rows <= copies  # a fifth is held out
    assert second.trained_at >= DAY


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("telemetry", "telemetri"), r"component: no component 'telemetri'.*'telemetry'"),
        (("mean=1h", "mean=pulse"), r"delay: must not depend on a column, as on pulse"),
        (("share: 0.5", "share: 2"), r"share: must be a probability"),
    ],
)
def test_refuses(change: tuple[str, str], message: str):
    with pytest.raises(ScenarioError, match=message):
        loaded(phone() + LATE.replace(*change))


def test_what_a_collector_does_not_store_is_not_there_later_either():
    """Late rows that come while nothing is stored are lost; those already under way still come."""
    stopped = "  - {kind: telemetry_stopped, at: 8h, until: 10h, component: telemetry}\n"
    late, both = (arrivals(World(loaded(phone() + text))) for text in (LATE, LATE + stopped))
    assert set(late) > set(both)
    assert all(late[one] == both[one] for one in both)
