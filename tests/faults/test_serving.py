"""Faults that everybody hears of: what they do to the visits of a component."""

import numpy as np
import pytest

from mlsim.errors import ScenarioError
from tests.faults.services import SHOP, with_fault
from tests.worlds import HOUR, World, loaded

FAULTS: dict[str, dict[str, object]] = {
    "crash": {"component": "gateway"},
    "zone_outage": {"zone": "b"},
    "machine_crash": {"machine": "two"},
    "latency": {"component": "gateway", "factor": 4},
    "slow_replica": {"component": "gateway", "replica": 1, "factor": 4},
    "packet_loss": {"component": "gateway", "share": 0.3},
    "expired_certificate": {"component": "gateway"},
    "disk_full": {"component": "telemetry"},
    "memory_leak": {"component": "gateway", "lives": "1h", "restart": "10min"},
}
RETRYING = SHOP.replace("{kind: client}", "{kind: client, retries: {max: 3, backoff: 1s}}")


@pytest.fixture(scope="module")
def twin() -> World:
    return World(loaded(SHOP))


def during(kind: str, text: str = SHOP, **more: object) -> World:
    """The fault from 6h to 12h."""
    return with_fault(kind, text, at="6h", until="12h", **(FAULTS[kind] | more))


def begun(world: World, component: str, replica: int) -> np.ndarray:
    """The hours of the day in which a replica began a service."""
    visits = world.visits_of(component)
    return np.unique((visits.start[visits.replica == replica] // HOUR).astype(int))


INSIDE = list(range(6, 12))
OUTSIDE = [*range(6), *range(12, 24)]


def test_a_crashed_replica_serves_nobody_and_the_other_one_all():
    world = during("crash")
    assert begun(world, "gateway", 0).tolist() == OUTSIDE
    assert set(INSIDE) <= set(begun(world, "gateway", 1))


def test_an_outage_takes_the_replicas_of_its_place_and_no_others():
    """Replica k runs in zone k mod 2 and on machine k mod 2; the features on machine two."""
    for kind in ("zone_outage", "machine_crash"):
        world = during(kind)
        assert begun(world, "gateway", 1).tolist() == OUTSIDE
        assert set(INSIDE) <= set(begun(world, "gateway", 0))
        features = begun(world, "features", 0).tolist()
        assert features == (OUTSIDE if kind == "machine_crash" else list(range(24)))


def test_a_slow_component_takes_the_factor_of_each_service(twin: World):
    world, factor = during("latency", factor=1.5), 1.5
    mine, other = world.visits_of("gateway"), twin.visits_of("gateway")
    took = dict(zip(other.request.tolist(), (other.end - other.start).tolist(), strict=True))
    expected = np.array([took[one] for one in mine.request.tolist()])
    slow = (mine.start > 6 * HOUR) & (mine.start <= 12 * HOUR)
    np.testing.assert_allclose(mine.end - mine.start, np.where(slow, factor, 1) * expected)


def test_a_slow_replica_takes_the_factor_and_the_other_one_does_not(twin: World):
    world, factor = during("slow_replica", factor=1.5), 1.5
    mine, other = world.visits_of("gateway"), twin.visits_of("gateway")
    took = dict(zip(other.request.tolist(), (other.end - other.start).tolist(), strict=True))
    expected = np.array([took[one] for one in mine.request.tolist()])
    slow = (mine.start > 6 * HOUR) & (mine.start <= 12 * HOUR) & (mine.replica == 1)
    assert slow.any()
    np.testing.assert_allclose(mine.end - mine.start, np.where(slow, factor, 1) * expected)


def test_the_last_of_three_shards_may_be_the_slow_one():
    sharded = SHOP.replace("replicas: 2", "shards: 3").replace("exponential(mean=500ms)", "500ms")
    visits = during("slow_replica", sharded, replica=2).visits_of("gateway")
    slow = (visits.start > 6 * HOUR) & (visits.start <= 12 * HOUR) & (visits.replica == 2)
    np.testing.assert_allclose(visits.end - visits.start, np.where(slow, 2.0, 0.5))


def test_a_share_of_the_answers_is_lost_and_clients_try_again():
    world = during("packet_loss", RETRYING)
    log = world.log
    inside = (log.arrival > 6 * HOUR) & (log.end <= 12 * HOUR)
    assert np.all(log.attempts[~inside & (log.end < 6 * HOUR)] == 1)
    again = (log.attempts[inside] > 1).mean()
    assert abs(again - 0.3) < 4 * np.sqrt(0.21 / inside.sum())
    failed = world.column("failed")[inside].mean()
    assert abs(failed - 0.3**4) < 4 * np.sqrt(0.3**4 / inside.sum())


@pytest.mark.parametrize(
    ("kind", "component"), [("expired_certificate", "gateway"), ("disk_full", "telemetry")]
)
def test_whoever_comes_is_turned_away(kind: str, component: str):
    visits = during(kind).visits_of(component)
    inside = (visits.arrival > 6 * HOUR) & (visits.arrival <= 12 * HOUR)
    np.testing.assert_array_equal(visits.replica < 0, inside)


def test_a_full_disk_loses_rows_and_no_request(twin: World):
    world = during("disk_full")
    assert world.log.end.tobytes() == twin.log.end.tobytes()
    received = np.concatenate([block.log.end for block in world.collected])
    assert not np.any((received > 6 * HOUR) & (received <= 12 * HOUR))
    assert received.size > 0.7 * world.log.end.size


def test_leaking_replicas_die_and_rise_in_turn():
    """The first is killed at 7:00, 8:10, 9:20 ..., the second half an hour later each time."""
    changes = [c for c in during("memory_leak").system.replica_changes if c[1] == "gateway"]
    for replica in (0, 1):
        first = 7 * HOUR + 0.5 * HOUR * replica
        expected = [first + k * 4200 for k in range(5) if first + k * 4200 < 12 * HOUR]
        died = [time for time, _, one, up in changes if one == replica and not up]
        rose = [time for time, _, one, up in changes if one == replica and up and time > 0]
        np.testing.assert_allclose(died, expected)
        np.testing.assert_allclose(rose, np.array(expected) + 600)


@pytest.mark.parametrize("kind", FAULTS)
def test_after_the_repair_all_is_as_before(kind: str, twin: World):
    """Where queues have run empty: who comes hours later meets the same luck, to the instant."""
    mine, other = during(kind).visits_of("gateway"), twin.visits_of("gateway")
    later = mine.arrival > 14 * HOUR
    took = dict(zip(other.request.tolist(), (other.end - other.start).tolist(), strict=True))
    expected = [took[one] for one in mine.request[later].tolist()]
    np.testing.assert_allclose(mine.end[later] - mine.start[later], expected)
    assert np.all(mine.replica[later] >= 0)


@pytest.mark.parametrize(
    ("kind", "none"),
    [("latency", {"factor": 1}), ("slow_replica", {"factor": 1}), ("packet_loss", {"share": 0})],
)
def test_zero_strength_is_the_twin_to_the_last_bit(kind: str, none: dict[str, object], twin: World):
    world = during(kind, **none)
    for field in ("request", "attempts", "arrival", "sent", "end", "outcome", "answer"):
        assert getattr(world.log, field).tobytes() == getattr(twin.log, field).tobytes()


@pytest.mark.parametrize(
    ("kind", "wrong", "message"),
    [
        ("crash", {"component": "gatewy"}, r"component: no component 'gatewy'.*'gateway'"),
        (
            "crash",
            {"component": "shop"},
            r"serves requests, here gateway, weather, features or tel",
        ),
        ("crash", {"replica": 2}, r"replica: gateway has no replica 2 \(0\.\.1\)"),
        ("zone_outage", {"zone": "c"}, r"zone: no component runs in zone 'c'"),
        ("machine_crash", {"machine": "twoo"}, r"machine: no .* on machine 'twoo'.*'two'"),
        ("latency", {"component": "features"}, r"component: features has no service_time"),
        ("slow_replica", {"replica": 2}, r"replica: gateway has no replica 2 \(0\.\.1\)"),
        ("disk_full", {"component": "gateway"}, r"component: must be a collector, here telemetry"),
        ("memory_leak", {"lives": "0s"}, r"lives: must be more than 0"),
        ("packet_loss", {"share": 2}, r"share: must be a probability"),
    ],
)
def test_refuses(kind: str, wrong: dict[str, object], message: str):
    with pytest.raises(ScenarioError, match=message):
        during(kind, **wrong)
