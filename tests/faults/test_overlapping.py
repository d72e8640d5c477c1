"""Faults that set one thing at the same time: it is repaired when the last of them is."""

import numpy as np
import pytest

from tests.faults.services import SHOP
from tests.worlds import HOUR, World, loaded

FAULTS = {
    "crash": "component: gateway, replica: 1",
    "zone_outage": "zone: b",
    "latency": "component: gateway, factor: 1.5",
    "slow_replica": "component: gateway, replica: 1, factor: 1.5",
    "packet_loss": "component: gateway, share: 0.3",
    "expired_certificate": "component: gateway",
    "partition": "between: [gateway, weather]",
    "external_gone": "component: weather",
    "external_slow": "component: weather, factor: 5",
    "external_quota": "component: weather, quota: {calls: 100, per: 1h}",
    "disk_full": "component: telemetry",
    "telemetry_stopped": "component: telemetry",
}
LEAK = "component: gateway, lives: 50min, restart: 1min"


def shop(*faults: tuple[str, int, int, str]) -> World:
    """The shop's day with faults: kind, hours of begin and end, and what else they need."""
    lines = [
        f"  - {{kind: {kind}, name: fault_{k}, at: {begin}h, until: {end}h, {more}}}\n"
        for k, (kind, begin, end, more) in enumerate(faults)
    ]
    return World(loaded(SHOP + "".join(["faults:\n", *lines] if lines else [])))


def same(one: World, other: World) -> bool:
    """Whether all moved alike, and the collector has the same rows; by however many settings."""
    mine, theirs = (
        [*world.log._replace(stamps=None), *(block.log.end for block in world.collected)]
        for world in (one, other)
    )
    return len(mine) == len(theirs) and all(map(np.array_equal, mine, theirs))


@pytest.mark.parametrize("kind", FAULTS)
def test_two_that_overlap_are_as_one_that_lasts_as_long(kind: str):
    more = FAULTS[kind]
    assert same(shop((kind, 6, 10, more), (kind, 8, 12, more)), shop((kind, 6, 12, more)))


@pytest.mark.parametrize("kind", FAULTS)
def test_a_short_one_inside_of_a_long_one_repairs_nothing(kind: str):
    more = FAULTS[kind]
    assert same(shop((kind, 6, 12, more), (kind, 8, 10, more)), shop((kind, 6, 12, more)))


def test_each_has_its_own_factor_and_the_last_that_began_counts():
    """One after the other in the same instant, too."""
    steps = ((2, 10, 2), (4, 6, 5), (10, 12, 3))
    mine = shop(*(("latency", b, e, f"component: gateway, factor: {f}") for b, e, f in steps))
    visits, other = mine.visits_of("gateway"), shop().visits_of("gateway")
    took = dict(zip(other.request.tolist(), (other.end - other.start).tolist(), strict=True))
    expected = np.array([took[one] for one in visits.request.tolist()])
    edges, factors = np.array([2, 4, 6, 10, 12]) * HOUR, np.array([1, 2, 5, 2, 3, 1])
    # A service that begins at an edge has the factor from before.
    factor = factors[np.searchsorted(edges, visits.start)]
    np.testing.assert_allclose(visits.end - visits.start, factor * expected)


@pytest.mark.parametrize(
    "faults",
    [
        (("crash", 6, 12, FAULTS["crash"]), ("zone_outage", 8, 10, "zone: b")),
        (("crash", 8, 10, FAULTS["crash"]), ("zone_outage", 6, 12, "zone: b")),
        (("machine_crash", 6, 10, "machine: two"), ("crash", 8, 12, FAULTS["crash"])),
        (("crash", 6, 12, FAULTS["crash"]), ("memory_leak", 7, 11, LEAK)),
    ],
)
def test_a_replica_is_back_when_nothing_keeps_it_down(faults: tuple[tuple[str, int, int, str]]):
    visits = shop(*faults).visits_of("gateway")
    begun = np.unique((visits.start[visits.replica == 1] // HOUR).astype(int)).tolist()
    assert begun == [*range(6), *range(12, 24)]


def test_other_kinds_that_set_the_same_hold_it_too():
    """The disk is full beyond the repair of the certificate: nobody is let in."""
    visits = shop(
        ("expired_certificate", 6, 10, "component: telemetry"),
        ("disk_full", 8, 12, "component: telemetry"),
    ).visits_of("telemetry")
    away = (visits.arrival > 6 * HOUR) & (visits.arrival <= 12 * HOUR)
    np.testing.assert_array_equal(visits.replica < 0, away)
