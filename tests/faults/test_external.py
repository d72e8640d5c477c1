"""What goes wrong at a source that belongs to somebody else, and what requests carry then."""

import numpy as np
import pytest

from mlsim.errors import ScenarioError
from tests.faults.services import SHOP, with_fault
from tests.worlds import HOUR, World, loaded

NO_TIMEOUT = SHOP.replace("    timeout: 1s\n", "")
FAULTS: dict[str, dict[str, object]] = {
    "external_gone": {},
    "external_slow": {"factor": 5},
    "external_quota": {"quota": "{calls: 100, per: 1h}"},
    "external_empty": {},
}


def during(kind: str, text: str = SHOP, **more: object) -> World:
    """The fault from 6h to 12h."""
    return with_fault(
        kind, text, at="6h", until="12h", component="weather", **(FAULTS[kind] | more)
    )


def missing(world: World) -> np.ndarray:
    return np.isnan(world.read("features", "rain"))


def touched(world: World) -> np.ndarray:
    size = [block.log.end.size for block in world.blocks]
    marks = [block.touched("features", "rain") for block in world.blocks]
    return np.concatenate([np.broadcast_to(m, n) for m, n in zip(marks, size, strict=True)])


@pytest.mark.parametrize("kind", ["external_gone", "external_empty"])
def test_all_columns_are_missing_while_it_lasts_and_every_request_is_answered(kind: str):
    world = during(kind, NO_TIMEOUT)
    visits = world.visits_of("weather")
    hit = (visits.arrival > 6 * HOUR) & (visits.arrival <= 12 * HOUR)
    asked = dict(zip(visits.request.tolist(), hit.tolist(), strict=True))
    assert missing(world).tolist() == [asked[one] for one in world.log.request.tolist()]
    np.testing.assert_array_equal(missing(world), np.isnan(world.read("features", "wind")))
    assert np.all(world.column("ok"))


def test_an_empty_page_takes_the_time_of_a_full_one():
    """Nothing but the content tells: each request ends at the same instant as in the twin."""
    world, twin = during("external_empty"), World(loaded(SHOP))
    assert world.log.end.tobytes() == twin.log.end.tobytes()
    assert world.log.outcome.tobytes() == twin.log.outcome.tobytes()


def test_a_share_of_the_answers_is_empty_as_a_whole():
    world = during("external_empty", NO_TIMEOUT, share=0.4)
    rain, wind = missing(world), np.isnan(world.read("features", "wind"))
    np.testing.assert_array_equal(rain, wind)
    inside = (world.log.sent > 6 * HOUR) & (world.log.sent <= 12 * HOUR)
    assert abs(rain[inside].mean() - 0.4) < 4 * np.sqrt(0.24 / inside.sum())


def test_a_slow_source_is_missing_where_callers_do_not_wait():
    """Five times slower, a call takes over a second with P = exp(-1)."""
    world = during("external_slow")
    inside = (world.log.arrival > 6 * HOUR) & (world.log.end <= 12 * HOUR)
    share = missing(world)[inside].mean()
    assert abs(share - np.exp(-1)) < 4 * np.sqrt(0.25 / inside.sum())


def test_after_the_quota_of_an_hour_nothing_comes():
    calls = during("external_quota").visits_of("weather")
    hour = (calls.arrival // HOUR).astype(int)
    answered = np.bincount(hour[calls.replica >= 0])
    assert np.all(answered[6:12] == 100)
    assert np.all(answered[12:] > 500)


@pytest.mark.parametrize("kind", FAULTS)
def test_lineage_names_the_rows_that_lack_something(kind: str):
    world = during(kind, NO_TIMEOUT if kind != "external_slow" else SHOP)
    lacks = missing(world)
    assert lacks.any()
    if kind == "external_slow":  # some calls take over a second without any fault, too
        lacks = lacks & (world.log.end > 6 * HOUR) & (world.log.sent <= 12 * HOUR)
    np.testing.assert_array_equal(touched(world), lacks)


@pytest.mark.parametrize(
    ("kind", "strength"),
    [
        ("external_slow", {"factor": 1}),
        ("external_quota", {"quota": "{calls: 1000000}"}),
        ("external_empty", {"share": 0}),
    ],
)
def test_zero_strength_is_the_twin_to_the_last_bit(kind: str, strength: dict[str, object]):
    world, twin = during(kind, **strength), World(loaded(SHOP))
    for field in ("request", "attempts", "arrival", "sent", "end", "outcome", "answer"):
        assert getattr(world.log, field).tobytes() == getattr(twin.log, field).tobytes()
    assert world.read("features", "rain").tobytes() == twin.read("features", "rain").tobytes()


@pytest.mark.parametrize("kind", FAULTS)
def test_after_the_repair_it_answers_as_before(kind: str):
    world, twin = during(kind), World(loaded(SHOP))
    later = world.log.request[world.log.sent > 12.2 * HOUR]
    mine = dict(zip(world.log.request, world.read("features", "rain"), strict=True))
    other = dict(zip(twin.log.request, twin.read("features", "rain"), strict=True))
    np.testing.assert_array_equal([mine[one] for one in later], [other[one] for one in later])


@pytest.mark.parametrize("kind", FAULTS)
def test_refuses_a_component_that_is_no_source(kind: str):
    with pytest.raises(ScenarioError, match=r"component: no component 'wether'.*'weather'"):
        with_fault(kind, at="0s", component="wether", **FAULTS[kind])
