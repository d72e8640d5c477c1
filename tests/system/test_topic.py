"""A queue between steps, against a loop over its messages."""

import numpy as np
import pytest

from mlsim.errors import ScenarioError
from mlsim.telemetry.recorder import VISIT_OUTCOMES
from tests.worlds import HOUR, World, loaded

PIPELINE = """
scenario: pipeline
horizon: 6h
seed: 4
world:
  event:
    amount: normal(10, 2)
load:
  events: {rate: 0.2/s, enters: app}
system:
  app: {kind: client}
  api: {kind: transform, reads: [amount]}
  queue: {kind: topic, service_time: 5500ms}
  telemetry: {kind: collector}
flow:
  - app -> api -> app
  - api ~> queue -> telemetry
"""


def by_hand(arrivals: np.ndarray, service: float, retention: float) -> list[float]:
    """When one consumer has done each message; inf for one that is deleted before its turn."""
    free, done = 0.0, []
    for time in arrivals:
        start = max(time, free)
        if start - time < retention:
            free = start + service
            done.append(free)
        else:
            done.append(np.inf)
    return done


@pytest.mark.parametrize(("text", "retention"), [("", np.inf), (", retention: 10min", 600.0)])
def test_one_consumer_takes_message_after_message(text: str, retention: float):
    world = World(loaded(PIPELINE.replace("5500ms}", f"5500ms{text}}}")))
    visits = world.visits_of("queue")
    order = np.argsort(visits.arrival)
    arrival, end = visits.arrival[order], visits.end[order]
    served = visits.replica[order] >= 0
    expected = np.array(by_hand(world.log.arrival[np.argsort(world.log.arrival)], 5.5, retention))
    expected = expected[: arrival.size]  # the last ones are still waiting
    np.testing.assert_allclose(end[served], expected[served])
    np.testing.assert_allclose(end[~served], arrival[~served] + retention)
    assert (retention < np.inf) == (not served.all())
    assert np.all(visits.outcome[order][~served] == VISIT_OUTCOMES.index("expired"))
    rows = np.concatenate([block.log.end for block in world.collected])
    np.testing.assert_allclose(np.sort(rows), end[served])


def test_slow_consumers_fall_behind_and_no_request_waits_for_them():
    fault = "faults: [{kind: latency, at: 2h, until: 4h, component: queue, factor: 4}]"
    text = PIPELINE.replace("5500ms", "2s")
    slow, twin = World(loaded(text + fault)), World(loaded(text))
    visits = slow.visits_of("queue")
    free, expected = 0.0, []
    for arrival in np.sort(visits.arrival):
        start = max(arrival, free)
        free = start + (8.0 if 2 * HOUR <= start < 4 * HOUR else 2.0)
        expected.append(free)
    np.testing.assert_allclose(np.sort(visits.end), expected)
    assert np.max(visits.start - visits.arrival) > HOUR / 2
    np.testing.assert_array_equal(slow.log.end, twin.log.end)


def test_nobody_waits_for_it():
    world = World(loaded(PIPELINE))
    assert np.all(world.column("ok"))
    assert world.column("sojourn_time").max() == 0
    assert world.system.network.counters("queue").waiting > 100


def test_refuses_a_time_that_is_no_constant():
    with pytest.raises(ScenarioError, match=r"queue.service_time"):
        loaded(PIPELINE.replace("5500ms", "amount * 1s"))
