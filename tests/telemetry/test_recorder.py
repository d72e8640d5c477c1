"""What the recorder folds, against a count by hand over every visit."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import simpy

from mlsim.monitoring.promql import evaluate
from mlsim.system.simulation import System
from mlsim.telemetry.folding import BUCKETS
from mlsim.telemetry.labels import Matcher
from mlsim.telemetry.recorder import Recorder, scrape_times
from mlsim.telemetry.store import SeriesStore
from tests.worlds import CLINIC, COUNTER, HOUR, World, loaded

INTERVAL = 300.0
SCRAPES = (-86400.0, 0.0, 3000.0, 86400.0, 172800.0)


class Scraped(World):
    """A world with a recorder, and counters looked up at every scrape while it ran."""

    def __init__(self, text: str, interval: float = INTERVAL, **settings: object):
        self.seen: dict[tuple[str, float], tuple[int, int]] = {}
        self.interval = interval
        super().__init__(loaded(text, **settings), faults=[], deciders=[self.look])
        self.store = SeriesStore(self.recorder.times)
        self.recorder.write(self.store)

    def look(self, system: System) -> Iterator[simpy.Event]:
        self.recorder = Recorder(system, self.interval)
        system.listeners.append(self.recorder)
        names = self.recorder.visits.names
        while True:
            for name in names:
                now = system.network.counters(name)
                self.seen[name, system.clock.now] = (now.waiting, sum(now.in_service))
            yield system.clock.timeout(self.interval)

    def at(self, time: float, metric: str, **labels: str) -> float:
        matchers = [Matcher(name, "=", value) for name, value in labels.items()]
        [block] = self.store.select([Matcher("__name__", "=", metric), *matchers], time, time)
        return float(block.values[0, 0])

    def gauge(self, metric: str, component: str) -> np.ndarray:
        name = Matcher("__name__", "=", metric)
        [block] = self.store.select([name, Matcher("component", "=", component)])
        return block.values[0]


@pytest.fixture(scope="module")
def clinic() -> Scraped:
    return Scraped(
        CLINIC,
        load__check_ups__rate="0.1/s",
        system__gateway__workers=1,
        system__gateway__queue_limit=0,
    )


@pytest.mark.parametrize("time", SCRAPES)
def test_counters_hold_what_had_ended_by_the_scrape(clinic: Scraped, time: float):
    for component in ("gateway", "risk_model", "telemetry"):
        visits = clinic.visits_of(component)
        for code, outcome in enumerate(("served", "rejected", "lost", "failed")):
            expected = np.sum((visits.end <= time) & (visits.outcome == code))
            found = clinic.at(time, "requests_total", component=component, outcome=outcome)
            assert found == expected
    for code, outcome in enumerate(("ok", "timed_out", "rejected", "failed")):
        expected = np.sum((clinic.log.end <= time) & (clinic.log.outcome == code))
        assert clinic.at(time, "client_requests_total", client="phone", outcome=outcome) == expected
    attempts = clinic.log.attempts[clinic.log.end <= time].sum()
    assert clinic.at(time, "client_attempts_total", client="phone") == attempts
    rows = sum(np.sum(block.log.end <= time) for block in clinic.collected)
    assert clinic.at(time, "telemetry_rows_total", component="telemetry") == rows


@pytest.mark.parametrize("time", SCRAPES)
def test_histograms_hold_the_durations_of_what_had_ended(clinic: Scraped, time: float):
    visits = clinic.visits_of("gateway")
    durations = (visits.end - visits.arrival)[visits.end <= time]
    for bound in BUCKETS:
        le = str(float(bound)).removesuffix(".0")
        found = clinic.at(time, "request_duration_seconds_bucket", component="gateway", le=le)
        assert found == np.sum(durations <= bound)
    name = "request_duration_seconds"
    assert clinic.at(time, f"{name}_count", component="gateway") == durations.size
    total = clinic.at(time, f"{name}_sum", component="gateway")
    assert total == pytest.approx(durations.sum(), rel=1e-9)


def test_something_was_rejected_and_retried(clinic: Scraped):
    """Else the counts above would have shown little."""
    assert (clinic.visits_of("gateway").outcome == 1).sum() > 20
    assert (clinic.log.attempts > 1).sum() > 20


@pytest.mark.parametrize("rate", ["2.4/s", "3.3/s"])
def test_gauges_are_what_the_network_shows_at_the_instant_of_the_scrape(rate: str):
    """Also in a queue that only grows, most of which is still there at the end."""
    world = Scraped(COUNTER, 60.0, load__jobs__rate=rate, horizon="3h")
    waiting, busy = world.gauge("queue_length", "desk"), world.gauge("workers_busy", "desk")
    expected = np.array([world.seen["desk", time] for time in world.recorder.times[:-1]])
    np.testing.assert_array_equal(waiting[:-1], expected[:, 0])
    np.testing.assert_array_equal(busy[:-1], expected[:, 1])
    assert waiting.max() > 3


def test_littles_law():
    """The mean of the scraped queue length is the sum of all waits over the time.

    Between two scrapes each change is off by its place in the interval, uniform: that is the error.
    """
    interval = 2.0
    world = Scraped(COUNTER, interval)
    visits = world.visits_of("desk")
    changes = 2 * visits.request.size
    error = np.sqrt(changes * interval**2 / 12) / 86400
    expected = (visits.start - visits.arrival).sum() / 86400
    assert abs(world.gauge("queue_length", "desk").mean() - expected) < 4 * error
    assert expected > 100 * error


def test_utilisation_is_offered_load_per_worker():
    world = Scraped(COUNTER)
    visits = world.visits_of("desk")
    assert world.recorder.work.since_day_0[0].sum() == pytest.approx(
        (visits.end - visits.start).sum(), rel=1e-4
    )
    assert world.recorder.work.since_day_0[0].sum() / 3 / 86400 == pytest.approx(0.8, rel=0.03)


def troubled(text: str, trouble: Callable[[System], Iterator[simpy.Event]]) -> Scraped:
    """A world in which somebody changes something while it runs."""
    world = Scraped.__new__(Scraped)
    world.seen, world.interval = {}, INTERVAL
    World.__init__(world, loaded(text), faults=[], deciders=[world.look, trouble])
    world.store = SeriesStore(world.recorder.times)
    world.recorder.write(world.store)
    return world


def test_replicas_that_are_down_show_as_down_and_versions_as_they_come():
    def trouble(system: System) -> Iterator[simpy.Event]:
        yield system.clock.timeout(HOUR - system.clock.now)
        system.crash("gateway", 0)
        yield system.clock.timeout(HOUR)
        system.restart("gateway", 0)

    world = troubled(CLINIC, trouble)
    up, time = world.gauge("up", "gateway"), world.recorder.times
    np.testing.assert_array_equal(up == 0, (time >= HOUR) & (time < 2 * HOUR))
    np.testing.assert_array_equal(world.gauge("model_version", "risk_model"), time >= 0)


@pytest.mark.parametrize("more", ["", "  prometheus: {kind: scraper}\n"])
def test_a_replica_that_is_not_wanted_any_more_is_not_down(more: str):
    """Prometheus no longer finds its target, whatever becomes of the machine meanwhile."""

    def trouble(system: System) -> Iterator[simpy.Event]:
        for change, *what in (
            (system.scale, "desk", 3),
            (system.crash, "desk", 2),
            (system.scale, "desk", 1),
            (system.crash, "desk", 1),
            (system.scale, "desk", 2),
        ):
            yield system.clock.timeout(HOUR)
            change(*what)

    world = troubled(COUNTER.replace("flow:", f"{more}flow:"), trouble)
    frame = world.store.to_frame()
    hours = {
        replica: frame[f'up{{component="desk",replica="{replica}"}}'].loc[HOUR / 2 : 6 * HOUR : 12]
        for replica in range(3)
    }
    none = np.nan
    np.testing.assert_array_equal(hours[1], [none, 1, 1, none, none, 1])
    np.testing.assert_array_equal(hours[2], [none, 1, 0, none, none, none])
    assert (hours[0] == 1).all()
    down = evaluate("up == 0", world.store, world.recorder.times)
    assert (world.recorder.times[down.present.any(axis=0)] < 3 * HOUR + 300).all()


def test_scrape_times_are_multiples_of_the_interval():
    assert scrape_times(-100.0, 70.0, 30.0).tolist() == [-90, -60, -30, 0, 30, 60]


RACE = """
scenario: race
horizon: 3h
seed: 1
load:
  jobs: {rate: 2.4/s, enters: door}
system:
  door: {kind: server}
  desk: {kind: server, workers: 3, service_time: exponential(mean=1s)}
  twin: {kind: server, workers: 3, service_time: exponential(mean=1s)}
flow:
  - door -> any of [desk, twin] cancel rest
"""


def test_visits_that_a_join_cancels_are_counted():
    """Who has an answer from one of two needs none of the other, who may not have begun."""
    scraped = Scraped(RACE)
    for name in ("desk", "twin"):
        visits = scraped.visits_of(name)
        served, cancelled = (
            scraped.at(10500.0, "requests_total", component=name, outcome=outcome)
            for outcome in ("served", "cancelled")
        )
        assert cancelled > 1000
        assert served + cancelled == (visits.end <= 10500.0).sum()
