"""A scraper that gets no answer, against a scrape that waits by hand and against Prometheus."""

from collections.abc import Iterator

import numpy as np
import pytest
import simpy

from mlsim.errors import ScenarioError
from mlsim.monitoring.promql import evaluate
from mlsim.system.simulation import System
from mlsim.telemetry.labels import Matcher
from mlsim.telemetry.parquet import read_parquet, write_parquet
from mlsim.telemetry.store import SeriesStore
from tests.telemetry.test_recorder import Scraped
from tests.worlds import COUNTER, HOUR, World, loaded

PULLED = COUNTER.replace("flow:", "  prometheus: {kind: scraper, timeout: 5s}\nflow:").replace(
    "horizon: 1d", "horizon: 3h"
)
BUSY = {"load__jobs__rate": "2.85/s"}


def first_free_worker(world: World, time: float, workers: int) -> float:
    """When someone who comes at `time` would be served, first come, first served."""
    visits = world.visits_of("desk")
    still_there = np.sort(visits.end[(visits.arrival <= time) & (visits.end > time)])
    ahead = still_there.size - workers
    return time if ahead < 0 else float(still_there[ahead])


@pytest.fixture(scope="module")
def busy() -> Scraped:
    return Scraped(PULLED, 15.0, **BUSY)


def test_a_scrape_fails_where_no_worker_is_free_in_time(busy: Scraped):
    """The last minutes are left out: what was still under way then is in no visit."""
    times = busy.recorder.times[busy.recorder.times < 2.9 * HOUR]
    waits = np.array([first_free_worker(busy, time, 3) - time for time in times])
    failed = busy.gauge("up", "desk")[: times.size] == 0
    np.testing.assert_array_equal(failed, waits > 5.0)
    assert 0.05 < failed.mean() < 0.9


def test_a_scrape_that_shares_a_worker_need_not_wait_for_one():
    """All are served at once, so there is always an answer; with room for two, not always."""
    shared = {"system__desk__discipline": "processor_sharing", "system__desk__workers": 1}
    often = {"load__jobs__rate": "0.8/s", "system__desk__service_time": "exponential(1s)"}
    assert Scraped(PULLED, 15.0, **shared, **often).gauge("up", "desk").all()
    few = {"system__desk__at_once": 2, "system__desk__balancing": "round_robin"}
    up = Scraped(PULLED, 15.0, **shared, **often, **few).gauge("up", "desk")
    assert 0.1 < np.nanmean(up) < 0.95


def test_what_was_not_scraped_is_a_gap_and_not_a_zero(busy: Scraped):
    frame = busy.store.to_frame()
    failed = frame['up{component="desk",replica="0"}'] == 0
    for series in ("queue_length", "request_duration_seconds_count"):
        assert (frame[f'{series}{{component="desk"}}'].isna() == failed).all()
    scraped = Scraped(COUNTER.replace("horizon: 1d", "horizon: 3h"), 15.0, **BUSY)
    whole = scraped.store.to_frame()
    name = 'requests_total{component="desk",outcome="served"}'
    np.testing.assert_array_equal(frame[name][~failed], whole[name][~failed])


def test_a_queue_that_is_full_turns_scrapes_away():
    world = Scraped(PULLED, 15.0, system__desk__queue_limit=2, load__jobs__rate="4/s")
    time, failed = world.recorder.times[:-1], world.gauge("up", "desk")[:-1] == 0
    waiting, busy = np.array([world.seen["desk", when] for when in time]).T
    np.testing.assert_array_equal(failed, (waiting == 2) & (busy == 3))
    assert 0.1 < failed.mean() < 0.9


def crashed() -> SeriesStore:
    def trouble(system: System) -> Iterator[simpy.Event]:
        yield system.clock.timeout(HOUR)
        system.crash("desk", 0)
        yield system.clock.timeout(HOUR)
        system.restart("desk", 0)

    world = Scraped.__new__(Scraped)
    world.seen, world.interval = {}, 60.0
    quiet = loaded(PULLED, load__jobs__rate="0.5/s", system__desk__queue_limit=5)
    World.__init__(world, quiet, faults=[], deciders=[world.look, trouble])
    store = SeriesStore(world.recorder.times)
    world.recorder.write(store)
    return store


def test_series_of_a_component_that_is_down_are_stale_at_once():
    """Without a marker the last sample would be served for five minutes more."""
    store = crashed()
    steps = np.array([HOUR - 60, HOUR - 1, HOUR, HOUR + 60])
    found = evaluate('requests_total{outcome="served"}', store, steps)
    np.testing.assert_array_equal(found.present[0], [True, True, False, False])
    np.testing.assert_array_equal(evaluate("up", store, steps).values[0], [1, 1, 0, 0])
    gone = evaluate("absent(requests_total)", store, steps)
    np.testing.assert_array_equal(gone.present[0], [False, False, True, True])


def test_a_counter_goes_on_after_the_gap_where_it_is():
    store = crashed()
    [block] = store.select([Matcher("__name__", "=", "request_duration_seconds_count")])
    assert block.stale is not None
    assert block.stale.sum() == 1
    assert np.all(np.diff(block.values[0][~block.stale]) >= 0)
    assert np.diff(block.times).max() == HOUR


def test_gaps_come_back_from_a_file(tmp_path, busy: Scraped):
    write_parquet(busy.store, tmp_path / "telemetry.parquet")
    back = read_parquet(tmp_path / "telemetry.parquet")
    for mine, read in zip(busy.store, back, strict=True):
        for function in (lambda s: s.read(0, 721), lambda s: s.stale(0, 721)):
            np.testing.assert_array_equal(function(mine), function(read))


def test_workers_without_number_always_answer():
    world = Scraped(PULLED.replace("workers: 3, ", ""), 60.0, load__jobs__rate="20/s")
    assert np.all(world.gauge("up", "desk") == 1)


def test_only_one_scraper():
    twice = PULLED.replace("flow:", "  second: {kind: scraper}\nflow:")
    with pytest.raises(ScenarioError, match=r"system\.second: must be the only scraper"):
        loaded(twice)


def test_a_collector_does_not_pull():
    text = COUNTER.replace("flow:", "  telemetry: {kind: collector, mode: pull}\nflow:")
    with pytest.raises(ScenarioError, match="must be push: what pulls is a component of kind scr"):
        loaded(text)
