"""Faults of batch jobs and stores: what is written, when, and who takes it along."""

import numpy as np
import pytest

from mlsim.errors import ScenarioError
from tests.system.test_store import CHAIN, DAY, HOUR, MINUTE, SHOP, World, by_hand, snapshots
from tests.worlds import loaded


def with_fault(kind: str, text: str = SHOP, **parameters: object) -> World:
    """The shop with one fault from the first evening to the third morning."""
    given = {"component": "nightly", "at": "20h", "until": "60h"} | parameters
    lines = "".join(f"\n    {key}: {value}" for key, value in given.items())
    return World(loaded(f"{text}faults:\n  - kind: {kind}{lines}\n"))


BEGINS, ENDS = 20 * HOUR, 60 * HOUR
TWIN = np.arange(-2 * DAY + 1.5 * HOUR, 3 * DAY, 6 * HOUR)
"""When the snapshots are written if nothing is wrong."""


def written(world: World, store: str = "habits") -> list[float]:
    return [one.written_at for one in snapshots(world, store)]


def touched(world: World, column: str = "visits", store: str = "habits") -> np.ndarray:
    parts = [
        np.broadcast_to(block.touched(store, column), block.log.end.shape) for block in world.blocks
    ]
    return np.concatenate(parts)


def arrivals_between(world: World, start: float, end: float) -> np.ndarray:
    return (world.log.arrival >= start) & (world.log.arrival < end)


@pytest.mark.parametrize(("kind", "until_start"), [("stale_store", True), ("failed_job", False)])
def test_nothing_is_written(kind: str, until_start: bool):
    """A run counts by its start if it isn't started, and by its end if it fails."""
    world = with_fault(kind)
    decided = TWIN - 0.5 * HOUR if until_start else TWIN
    expected = TWIN[(decided < BEGINS) | (decided >= ENDS)]
    np.testing.assert_allclose(written(world), expected)
    stale = arrivals_between(world, 25.5 * HOUR, 61.5 * HOUR)
    np.testing.assert_array_equal(touched(world), stale)


def test_an_old_snapshot_is_written_again_and_is_young():
    world = with_fault("stale_store", writes="old_snapshot")
    np.testing.assert_allclose(written(world), TWIN)
    old = next(one for one in snapshots(world) if one.written_at == 19.5 * HOUR)
    for one in snapshots(world):
        again = BEGINS <= one.written_at - 30 * MINUTE < ENDS
        assert one.touched.all() == again
        if again:
            np.testing.assert_array_equal(one.columns["usual"], old.columns["usual"])
    stale = arrivals_between(world, 25.5 * HOUR, 61.5 * HOUR)
    np.testing.assert_array_equal(touched(world), stale)


def test_a_late_job_writes_later_from_newer_rows():
    world = with_fault("late_batch", by="2h")
    due = TWIN - 0.5 * HOUR
    late = (due >= BEGINS) & (due < ENDS)
    np.testing.assert_allclose(written(world), TWIN + np.where(late, 2 * HOUR, 0))
    one = next(one for one in snapshots(world) if one.written_at == 27.5 * HOUR)
    np.testing.assert_array_equal(one.columns["visits"], by_hand(world, 27 * HOUR)["visits"])
    stale = np.zeros(world.log.arrival.size, bool)
    for time in TWIN[late]:
        stale |= arrivals_between(world, time, time + 2 * HOUR)
    np.testing.assert_array_equal(touched(world), stale)


def test_a_job_that_comes_after_waits_for_a_late_one_and_not_for_a_failed_one():
    late = with_fault("late_batch", CHAIN, by="2h")
    assert [b - a for a, b in zip(written(late), written(late, "totals"), strict=True)] == (
        pytest.approx([11 * MINUTE] * TWIN.size)
    )
    failed = with_fault("failed_job", CHAIN)
    first, second = written(failed), written(failed, "totals")
    np.testing.assert_allclose(np.array(first) + 11 * MINUTE, second)
    marked = touched(failed, "all", "totals")
    np.testing.assert_array_equal(
        marked, arrivals_between(failed, 25.5 * HOUR + 11 * MINUTE, 61.5 * HOUR + 11 * MINUTE)
    )


def test_a_window_that_is_off_by_one():
    """It ends six hours before the job starts, and begins six hours earlier, too."""
    world = with_fault("off_by_one_window")
    for one in snapshots(world):
        started = one.written_at - 30 * MINUTE
        off = BEGINS <= started < ENDS
        expected = by_hand(world, started - (6 * HOUR if off else 0))
        for column, values in expected.items():
            np.testing.assert_allclose(one.columns[column], values)
        assert one.touched.all() == off


def test_a_table_with_other_rows():
    """Every row of the table is of a large amount."""
    world = with_fault("wrong_table", holds="amount > 10")
    one = next(one for one in snapshots(world) if one.written_at == 37.5 * HOUR)
    rows = [
        int(person)
        for block in world.collected
        for end, person, amount in zip(
            block.log.end, block.truth.people, block["amount"], strict=True
        )
        if 13 * HOUR <= end < 37 * HOUR and amount > 10
    ]
    np.testing.assert_array_equal(one.columns["visits"], np.bincount(rows, minlength=40))
    assert one.touched.all()
    assert not snapshots(world)[-1].touched.any()


def test_a_wrong_key_gives_everybody_always_the_same_other_person():
    world, twin = with_fault("wrong_lookup_key", component="habits"), World(loaded(SHOP))
    during = arrivals_between(world, BEGINS, ENDS)
    np.testing.assert_array_equal(touched(world), during)
    got, was = world.read("checkout", "usual"), twin.read("checkout", "usual")
    np.testing.assert_array_equal(got[~during], was[~during])
    people = np.concatenate([block.truth.people for block in world.blocks])
    times = [one.written_at for one in snapshots(world)]
    newest = np.searchsorted(times, world.log.arrival, side="right") - 1
    keys: dict[int, set[int]] = {}
    for row in np.flatnonzero(during):
        column = snapshots(world)[newest[row]].columns["usual"]
        same = set(np.flatnonzero(column == got[row]).tolist())
        keys[people[row]] = keys.get(people[row], same) & same
    assert all(len(found) == 1 for found in keys.values())
    assert sum(found == {who} for who, found in keys.items()) < 5  # one in 40 by chance


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("stale_store", {"component": "nightli"}, r"no component 'nightli'.*'nightly'"),
        ("wrong_lookup_key", {"component": "habit"}, r"no component 'habit'.*'habits'"),
        ("wrong_table", {"holds": "amont > 1"}, r"the world has no column 'amont'.*'amount'"),
    ],
)
def test_refuses(kind: str, parameters: dict[str, object], message: str):
    with pytest.raises(ScenarioError, match=message):
        with_fault(kind, **parameters)
