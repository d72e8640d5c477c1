"""A feature store and the batch job that writes to it, against a loop over persons and rows."""

import math

import numpy as np
import pytest

from mlsim.errors import ScenarioError
from mlsim.system.store import Snapshot
from mlsim.telemetry.recorder import Recorder
from mlsim.telemetry.store import SeriesStore
from tests.worlds import DAY, HOUR, World, loaded

MINUTE = 60.0

SHOP = """
scenario: shop
history: 2d
horizon: 3d
seed: 5
world:
  people: 40
  visit:
    amount: normal(10, 2)
load:
  visits: {rate: 0.01/s, of: person, enters: shop}
system:
  shop: {kind: client}
  habits: {kind: store, columns: [visits, usual, newest]}
  checkout: {kind: transform, reads: [amount, visits, usual, newest]}
  telemetry: {kind: collector}
  nightly:
    kind: batch_job
    reads: telemetry
    store: habits
    makes:
      visits: {take: count}
      usual: {take: mean, of: amount}
      newest: {take: last, of: amount}
    window: 1d
    every: 6h
    at: 1h
    duration: 30min
flow:
  - shop -> habits -> checkout -> shop
  - checkout ~> telemetry
"""

CHAIN = SHOP.replace(
    "  nightly:\n",
    """  totals: {kind: store, columns: [all]}
  second:
    kind: batch_job
    reads: telemetry
    store: totals
    makes: {all: {take: count}}
    window: 1d
    every: 6h
    at: 1h
    duration: 10min
    after: nightly
  nightly:
""",
).replace("-> habits ->", "-> habits -> totals ->")


@pytest.fixture(scope="module")
def shop() -> World:
    return World(loaded(SHOP))


def snapshots(world: World, store: str = "habits") -> list[Snapshot]:
    """All that was written, in order."""
    found = {one.snapshot.number: one.snapshot for one in world.system[store].settings}
    return [snapshot for number, snapshot in found.items() if number]


def by_hand(world: World, started: float, window: float = DAY) -> dict[str, list[float]]:
    """The columns of a snapshot, row by row, from what reached the collector before `started`."""
    rows = [
        (end, person, amount)
        for block in world.collected
        for end, person, amount in zip(
            block.log.end, block.truth.people, block.at("telemetry", "amount"), strict=True
        )
        if started - window <= end < started
    ]
    found: dict[str, list[float]] = {"visits": [], "usual": [], "newest": []}
    for person in range(world.system.scenario.world.people):
        own = [amount for _, who, amount in sorted(rows) if who == person]
        found["visits"].append(len(own))
        found["usual"].append(sum(own) / len(own) if own else math.nan)
        found["newest"].append(own[-1] if own else math.nan)
    return found


def test_a_job_sums_up_each_person(shop: World):
    for snapshot in snapshots(shop):
        expected = by_hand(shop, snapshot.written_at - 30 * MINUTE)
        for column, values in expected.items():
            np.testing.assert_allclose(snapshot.columns[column], values, err_msg=column)


def test_it_runs_on_its_schedule_and_in_the_history_too(shop: World):
    written = [one.written_at for one in snapshots(shop)]
    expected = np.arange(-2 * DAY + HOUR, 3 * DAY, 6 * HOUR) + 30 * MINUTE
    np.testing.assert_allclose(written, expected)
    assert [one.number for one in snapshots(shop)] == list(range(1, expected.size + 1))


@pytest.mark.parametrize("column", ["visits", "usual", "newest"])
def test_a_request_finds_the_newest_snapshot_of_its_person(shop: World, column: str):
    written = snapshots(shop)
    times = [one.written_at for one in written]
    people = np.concatenate([block.truth.people for block in shop.blocks])
    for time, who, value in zip(
        shop.log.arrival, people, shop.read("checkout", column), strict=True
    ):
        newest = np.searchsorted(times, time, side="right") - 1
        expected = written[newest].columns[column][who] if newest >= 0 else math.nan
        np.testing.assert_equal(value, expected)


def test_lineage_has_nothing_to_mark(shop: World):
    assert not any(np.any(block.touched("habits", "usual")) for block in shop.blocks)


def test_the_age_of_a_snapshot_is_a_metric(shop: World):
    recorder = Recorder(shop.system, HOUR)
    store = SeriesStore(recorder.times)
    recorder.write(store)
    age = store.to_frame().filter(like="store_age_seconds").to_numpy()[:, 0]
    written = np.array([one.written_at for one in snapshots(shop)])
    for time, value in zip(recorder.times, age, strict=True):
        before = written[written <= time]
        np.testing.assert_equal(value, time - before[-1] if before.size else math.nan)


def test_a_job_waits_for_the_one_before():
    """It looks once a minute; what was written at that very instant it sees a minute later."""
    world = World(loaded(CHAIN))
    first, second = (snapshots(world, store) for store in ("habits", "totals"))
    assert [two.written_at - one.written_at for one, two in zip(first, second, strict=True)] == (
        pytest.approx([11 * MINUTE] * len(first))
    )


def test_rows_leave_the_memory_with_their_window(shop: World):
    (rows,) = (one for one in shop.system.listeners if type(one).__name__ == "ReceivedRows")
    assert rows.between(-2 * DAY, 0.0).person.size == 0
    assert rows.between(2 * DAY, 3 * DAY).person.size > 0


def test_a_touched_row_touches_its_person_only():
    fault = """
faults:
  - {kind: unit_change, at: 24h, until: 25h, component: shop, column: amount, unit: km}
"""
    text = SHOP.replace("amount: normal(10, 2)", "amount: {is: 'normal(10, 2)', unit: m}")
    world = World(loaded(text + fault))
    hit = {
        int(who)
        for block in world.collected
        for who, end in zip(block.truth.people, block.log.end, strict=True)
        if 24 * HOUR <= end < 25 * HOUR
    }
    after = next(one for one in snapshots(world) if one.written_at == 25.5 * HOUR)
    assert set(np.flatnonzero(after.touched)) == hit
    assert 0 < len(hit) < 40
    assert not snapshots(world)[-1].touched.any()  # its window is over


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("reads: telemetry", "reads: telemetri"), r"no collector 'telemetri'.*'telemetry'"),
        (("store: habits", "store: habit"), r"no store 'habit'.*'habits'"),
        (
            ("of: amount}\n      newest", "of: amont}\n      newest"),
            r"no 'amont' reaches telemetry",
        ),
        (("{take: count}", "{take: count, of: amount}"), r"rows are counted"),
        (("{take: mean, of: amount}", "{take: mean}"), r"needs `of`"),
        (("[visits, usual, newest]}\n  ch", "[visits, usual]}\n  ch"), r"no column 'newest'"),
        (("      visits: {take: count}\n", ""), r"makes: needs 'visits'"),
        (("at: 1h", "at: 6h"), r"at: must be less than `every`"),
        (("duration: 30min", "duration: 6h"), r"duration: must be less than `every`"),
        (("duration: 30min", "duration: 5min\n    after: x"), r"no other job 'x'"),
        (("of: person, ", ""), r"habits: needs to know whose"),
    ],
)
def test_refuses(change: tuple[str, str], message: str):
    with pytest.raises(ScenarioError, match=message):
        loaded(SHOP.replace(*change))


def test_refuses_jobs_that_wait_in_a_circle():
    circle = CHAIN.replace("duration: 30min", "duration: 30min\n    after: second")
    with pytest.raises(ScenarioError, match="must not wait for itself"):
        loaded(circle)


def test_a_snapshot_is_touched_for_those_whose_rows_never_came():
    """A run at 25h looks back a day; rows of three hours of it have been lost."""
    lost = "faults:\n  - {kind: telemetry_stopped, at: 4h, until: 7h, component: telemetry}\n"
    world, twin = World(loaded(SHOP + lost)), World(loaded(SHOP))
    arrived = {int(one) for block in world.collected for one in block.log.request}
    whose = {
        int(person)
        for block in twin.collected
        for person, one in zip(block.truth.people, block.log.request, strict=True)
        if int(one) not in arrived
    }
    for snapshot in snapshots(world):
        covers = 4 * HOUR < snapshot.due < 31 * HOUR
        if snapshot.due == 25 * HOUR:
            assert set(np.flatnonzero(snapshot.touched)) == whose
        assert snapshot.touched.any() == covers
