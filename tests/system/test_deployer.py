"""Which version serves: from the instant of its push, until another one takes its place."""

from collections.abc import Iterator

import numpy as np
import pytest
import simpy

from mlsim.errors import ScenarioError
from mlsim.system.deployer import PushPath
from mlsim.system.simulation import System
from mlsim.telemetry.recorder import Recorder
from mlsim.telemetry.store import SeriesStore
from tests.worlds import CLINIC, HOUR, World, loaded

SCHOOL = (
    CLINIC[: CLINIC.index("faults:")]
    .replace("temperature]}", "temperature], workers: 1, service_time: exponential(mean=12s)}")
    .replace("timeout: 4s", "timeout: 10min")
    .replace(
        "flow:",
        """  nightly: {kind: trainer, model: risk_model, every: 12h, window: 12h, duration: 30min}
  rollout: {kind: deployer, takes: 10min, models: [risk_model]}
flow:""",
    )
)
"""The risk model is slow, so that people wait for it while new versions are pushed."""
LOST = [{"kind": "lost_push", "at": "20h", "until": "30h", "component": "rollout"}]
PUSHES = {k + 1: 12 * HOUR * k + 40 * 60 for k in (1, 2, 3)}
"""Version 2 is trained at 12 h and pushed 40 minutes later, and so on."""


@pytest.fixture(scope="module")
def world() -> World:
    return World(loaded(SCHOOL))


def test_a_push_takes_its_time_after_the_training(world: World):
    model = world.system["risk_model"]
    serves = {model.settings[number].number: time for time, number in model.history}
    assert serves == {1: 0.0} | PUSHES
    assert world.system.registry.deployed["risk_model"] == [(t, n) for n, t in PUSHES.items()]


def test_it_serves_exactly_the_visits_whose_service_begins_after_the_push(world: World):
    """Of those that wait at a push, none goes to the old version; of those in service, all."""
    visits = world.visits_of("risk_model")
    served = visits.replica >= 0
    times = [time for time, _ in world.system["risk_model"].history]
    expected = sum((visits.start > time).astype(int) for time in times)
    np.testing.assert_array_equal(visits.settings[served], expected[served])
    pushes = np.array(list(PUSHES.values()))[:, None]
    assert np.any((visits.arrival < pushes) & (visits.start > pushes))
    assert np.any((visits.start < pushes) & (visits.end > pushes))


def test_every_answer_has_the_score_of_the_version_that_its_service_began_under(world: World):
    visits, log = world.visits_of("risk_model"), world.log
    began = dict(zip(zip(visits.request, visits.attempt, strict=True), visits.start, strict=True))
    answered = np.flatnonzero(log.answer >= 0)
    start = np.array([began[log.request[k], log.answer[k]] for k in answered])
    number = 1 + sum((start > time).astype(int) for time in PUSHES.values())
    inputs = [world.read("risk_model", c) for c in ("cough_model.score", "temperature")]
    scores = world.column("risk_model.score")
    assert np.isnan(scores[answered[start <= 0]]).all()
    for version in world.system.registry.versions("risk_model"):
        own = answered[(number == version.number) & (start > 0)]
        assert own.size > 100
        np.testing.assert_array_equal(scores[own], version.score([x[own] for x in inputs]))


def watched(faults: list[dict[str, str]], back: tuple[float, ...] = ()) -> SeriesStore:
    """What is scraped every ten minutes; `back`: when the model is rolled back, in seconds."""
    recorders = []

    def watch(system: System) -> Iterator[simpy.Event]:
        recorders.append(Recorder(system, 600.0))
        system.listeners.append(recorders[0])
        for time in back:
            yield system.clock.timeout(time - system.clock.now)
            rollout = system["rollout"]
            rollout.spec.rollback(system, rollout.current, "risk_model")

    World(loaded(SCHOOL, faults=faults), deciders=[watch])
    store = SeriesStore(recorders[0].times)
    recorders[0].write(store)
    return store


def scraped(store: SeriesStore, metric: str) -> dict[float, float]:
    """A gauge of the risk model by time, from day 0 on."""
    column = store.to_frame()[f'{metric}{{component="risk_model"}}']
    return {time: value for time, value in column.items() if time >= 0}


def test_age_is_the_time_since_the_training_of_what_serves():
    ages = scraped(watched([]), "model_age_seconds")
    for time, age in ages.items():
        trained_at = 12 * HOUR * max(0, (time - 40 * 60) // (12 * HOUR))
        assert age == time - trained_at


def test_a_lost_push_is_reported_and_the_old_version_grows_older():
    store = watched(LOST)
    serving, reported = scraped(store, "model_version"), scraped(store, "deployed_version")
    ages = scraped(store, "model_age_seconds")
    for time in (25 * HOUR, 36 * HOUR):
        assert (serving[time], reported[time]) == (2, 3)
        assert ages[time] == time - 12 * HOUR
    assert (serving[37 * HOUR], reported[37 * HOUR]) == (4, 4)


def test_rolling_back_goes_one_version_back_each_time_and_never_forward():
    """Version 3 serves at 25 h; after the first version there is nothing to go back to."""
    serving = scraped(watched([], back=(25 * HOUR, 26 * HOUR, 27 * HOUR)), "model_version")
    seen = [serving[hour * HOUR] for hour in (24.5, 24 + 50 / 60, 25.5, 26.5, 27.5, 36.5, 37)]
    assert seen == [2, 3, 2, 1, 1, 1, 4]


def test_a_rollback_is_lost_where_pushes_are_and_reported_all_the_same():
    """Version 2 serves at 25 h, since the push of version 3 was lost; going back is lost, too."""
    store = watched(LOST, back=(25 * HOUR, 37 * HOUR))
    serving, reported = scraped(store, "model_version"), scraped(store, "deployed_version")
    assert (serving[26 * HOUR], reported[26 * HOUR]) == (2, 1)
    assert (serving[37.5 * HOUR], reported[37.5 * HOUR]) == (2, 2), "and arrives after the repair"


def test_what_serves_after_a_lost_rollback_is_touched():
    def back(system: System) -> Iterator[simpy.Event]:
        yield system.clock.timeout(25 * HOUR - system.clock.now)
        rollout = system["rollout"]
        rollout.change(PushPath(arrives=False))
        rollout.spec.rollback(system, rollout.current, "risk_model")

    model = World(loaded(SCHOOL, faults=[]), deciders=[back]).system["risk_model"]
    lost = model.settings[int(model.in_force(np.array([25.5 * HOUR]))[0])]
    before = model.settings[int(model.in_force(np.array([24.9 * HOUR]))[0])]
    assert (lost.number, lost.overdue, before.overdue) == (before.number, True, False)


def test_age_after_a_rollback_is_that_of_the_old_version():
    ages = scraped(watched([], back=(25 * HOUR,)), "model_age_seconds")
    assert ages[26 * HOUR] == 14 * HOUR
    assert ages[24 * HOUR + 50 * 60] == 50 * 60


def test_of_a_model_that_it_does_not_know_it_says_so_with_the_line():
    text = SCHOOL.replace("models: [risk_model]", "models: [risk_modl]")
    number = next(k for k, one in enumerate(text.splitlines(), 1) if "risk_modl]" in one)
    where = rf"scenario.yaml:{number}: system.rollout.models\[0\]: "
    with pytest.raises(ScenarioError, match=where + r"no model 'risk_modl'.*mean 'risk_model'"):
        loaded(text)
