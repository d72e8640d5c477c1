"""A collector that can't write all that comes: which rows are lost, and by which policy."""

import numpy as np
import pytest

from mlsim.engine.columns import Column
from mlsim.errors import ScenarioError
from tests.worlds import HOUR, World, loaded

TWO_SENDERS = """
scenario: two_senders
horizon: 12h
seed: 12
world:
  people: 40
  person:
    clinic: floor(uniform(0, 4))
  scan: {size: "normal(0, 1)"}
load:
  scans: {rate: "0.2/s * daily(trough=0.2, peak_at=6h)", of: person, enters: desk}
  batches: {rate: 0.03/s, enters: desk, each: scan}
system:
  desk: {kind: server}
  telemetry: {kind: collector, capacity: {rows: 100, per: 10min%s}}
flow:
  - desk
  - desk ~> telemetry
"""
PERIOD = 600.0


def world(policy: str = "", fault: str = "") -> World:
    return World(loaded(TWO_SENDERS % policy + fault))


def came(run: World) -> tuple[Column, Column, Column]:
    """Rows that were sent in periods that are over: whose they are, their load, their period."""
    log = run.log
    order = np.argsort(log.end, kind="stable")
    period = np.ceil(log.end[order] / PERIOD)
    over = period < 12 * HOUR / PERIOD
    return log.request[order][over], log.load[order][over], period[over]


def written(run: World) -> Column:
    return np.concatenate([block.log.request for block in run.collected])


@pytest.fixture(scope="module")
def newest() -> World:
    return world()


def test_the_newest_rows_of_a_full_period_are_lost(newest: World):
    requests, _, period = came(newest)
    kept = [one for p in np.unique(period) for one in requests[period == p][:100]]
    assert 0.4 * requests.size < len(kept) < 0.9 * requests.size
    assert set(kept) == set(written(newest).tolist())


def test_rows_are_written_at_the_end_of_their_period(newest: World):
    requests, _, period = came(newest)
    ends = dict(zip(requests.tolist(), (period * PERIOD).tolist(), strict=True))
    for block in newest.collected:
        assert [ends[one] for one in block.log.request.tolist()] == block.log.end.tolist()


@pytest.mark.parametrize("policy", ["random", "sample"])
def test_any_rows_are_lost_at_random(policy: str):
    """Whether one is kept has nothing to do with when in its period it came."""
    run = world(f", drop: {policy}")
    requests, _, period = came(run)
    kept = np.isin(requests, written(run))
    full = [p for p in np.unique(period) if (period == p).sum() > 110]
    counts = [kept[period == p].sum() for p in full]
    assert max(counts) <= 100
    assert min(counts) == 100 if policy == "random" else np.mean(counts) > 80
    first_half = np.concatenate([kept[period == p][: (period == p).sum() // 2] for p in full])
    share = sum(counts) / sum((period == p).sum() for p in full)
    if policy == "random":
        assert abs(first_half.mean() - share) < 4 * np.sqrt(share * (1 - share) / first_half.size)


def test_the_largest_senders_lose_first():
    """The batches, some 18 rows of 600 s, are always all there: the scans have to give way."""
    run = world(", drop: largest_sender")
    requests, load, period = came(run)
    kept = np.isin(requests, written(run))
    for p in np.unique(period):
        scans, batches = (period == p) & (load == 0), (period == p) & (load == 1)
        assert kept[batches].all()
        assert kept[scans].sum() == min(scans.sum(), 100 - batches.sum())


def test_senders_may_be_told_apart_by_a_column():
    """With five senders (four clinics, and the batches) each keeps up to the same number."""
    run = world(", drop: largest_sender, sender: clinic")
    requests, _, period = came(run)
    kept = np.isin(requests, written(run))
    clinic = dict(
        zip(run.log.request.tolist(), _clinics(run).tolist(), strict=True),
    )
    sender = np.array([clinic[one] for one in requests.tolist()])
    for p in np.unique(period):
        here = [(sender == s) & (period == p) for s in range(-1, 4)]
        lost = [rows.sum() - kept[rows].sum() for rows in here]
        most = max(kept[rows].sum() for rows in here)
        assert all(kept[rows].sum() == most for rows, n in zip(here, lost, strict=True) if n)


def _clinics(run: World) -> Column:
    parts = [
        block["clinic"] if block.truth.of_people else np.full(block.log.end.size, -1.0)
        for block in run.blocks
    ]
    return np.concatenate(parts)


@pytest.mark.parametrize("policy", ["newest", "random", "largest_sender", "sample"])
def test_in_which_blocks_rows_come_does_not_matter(policy: str, monkeypatch):
    large = world(f", drop: {policy}")
    monkeypatch.setattr("mlsim.system.simulation.BLOCK", 53)
    small = world(f", drop: {policy}")
    assert sorted(written(large).tolist()) == sorted(written(small).tolist())


def test_where_all_is_written_nothing_is_lost():
    run = World(loaded(TWO_SENDERS.replace("rows: 100", "rows: 1000") % ""))
    assert set(came(run)[0].tolist()) == set(written(run).tolist())


LESS = (
    "faults:\n  - {kind: telemetry_overload, at: 4h, until: 8h, component: telemetry, left: %s}\n"
)


def test_an_overload_takes_a_share_of_the_places(newest: World):
    run = world(fault=LESS % 0.4)
    requests, _, period = came(run)
    hit = (period * PERIOD > 4 * HOUR) & (period * PERIOD <= 8 * HOUR)
    kept = [
        one
        for p in np.unique(period)
        for one in requests[period == p][: 40 if hit[period == p][0] else 100]
    ]
    assert set(kept) == set(written(run).tolist())
    assert run.log.end.tobytes() == newest.log.end.tobytes()


def test_no_overload_is_the_twin_to_the_last_bit(newest: World):
    assert written(world(fault=LESS % 1)).tobytes() == written(newest).tobytes()


def test_a_stopped_collector_stores_nothing_and_rejects_nobody():
    fault = "faults:\n  - {kind: telemetry_stopped, at: 4h, until: 8h, component: telemetry}\n"
    run = World(loaded(TWO_SENDERS.replace(", capacity: {rows: 100, per: 10min%s}", "") + fault))
    stored = np.concatenate([block.log.end for block in run.collected])
    assert not np.any((stored > 4 * HOUR) & (stored <= 8 * HOUR))
    inside = (run.log.end > 4 * HOUR) & (run.log.end <= 8 * HOUR)
    assert stored.size == run.log.end.size - inside.sum()
    assert np.all(run.visits_of("telemetry").replica >= 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TWO_SENDERS % ", sender: clinik", r"capacity.sender: .* no column 'clinik'.*'clinic'"),
        (TWO_SENDERS % ", drop: oldest", r"capacity.drop"),
        (
            TWO_SENDERS.replace(", capacity: {rows: 100, per: 10min%s}", "") + LESS % 0.4,
            r"component: telemetry needs a capacity",
        ),
        (TWO_SENDERS % "" + LESS % 1.4, r"left: must be a probability"),
    ],
)
def test_refuses(text: str, message: str):
    with pytest.raises(ScenarioError, match=message):
        loaded(text)
