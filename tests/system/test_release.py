"""Versions of an app side by side: who has which, what each sends, and what readers make of it."""

import numpy as np
import pytest
from scipy import stats

from mlsim.errors import ScenarioError
from tests.telemetry.test_recorder import Scraped
from tests.worlds import DAY, HOUR, World, loaded

APP = """
scenario: app
horizon: 10d
seed: 6
world:
  people: 4000
  person:
    age: normal(44, 18)
  check_up:
    ill: bernoulli(0.2)
    temperature: {is: "normal(37, 1)", unit: celsius}
    pulse: normal(70, 10)
load:
  check_ups: {rate: 0.05/s, of: person, enters: phone}
system:
  phone:
    kind: client
    releases:
      v1: {}
      v2: {at: 2d, adoption: exponential(mean=3d), units: {temperature: fahrenheit}}
      v3: {at: 6d, adoption: "uniform(0d, 2d)", sends: {pulse: 2 * pulse}}
  features: {kind: transform, reads: [temperature, pulse, age]}
  telemetry: {kind: collector}
flow:
  - phone -> features -> phone
  - features ~> telemetry
"""
BAD = """
faults:
  - kind: bad_release
    at: 1d
    until: 4d
    component: phone
    version: broken
    adoption: exponential(mean=1d)
    sends: {pulse: 0}
    formats: {temperature: decimal_comma}
"""


@pytest.fixture(scope="module")
def app() -> World:
    return World(loaded(APP))


def version(world: World) -> np.ndarray:
    return world.column("phone.version")


def test_shares_follow_the_law_of_adoption(app: World):
    """People are drawn anew for each request, so shares over an hour are those of all people."""
    second = stats.expon(scale=3 * DAY)
    third = stats.uniform(0, 2 * DAY)
    for hour in (12, 49, 60, 96, 143, 150, 180, 200, 239):
        near = np.abs(app.log.sent / HOUR - hour) < 0.5
        at = app.log.sent[near]
        has_third = third.cdf(at - 6 * DAY).mean()
        has_second = second.cdf(at - 2 * DAY).mean() * (1 - has_third)
        for number, share in ((1, has_second), (2, has_third)):
            found = (version(app)[near] == number).mean()
            # People come back, so their number is what limits the precision.
            assert abs(found - share) <= 4 * np.sqrt(share * (1 - share) / near.sum()) + 0.02


def test_nobody_goes_back_to_an_older_version(app: World):
    people = np.concatenate([block.truth.people for block in app.blocks])
    order = np.lexsort((app.log.sent, people))
    steps = np.diff(version(app)[order])
    assert np.all(steps[np.diff(people[order]) == 0] >= 0)


def test_each_version_sends_its_own(app: World):
    has = version(app)
    fahrenheit = app.column("temperature") * 9 / 5 + 32
    expected = np.where(has == 1, fahrenheit, app.column("temperature"))
    np.testing.assert_allclose(app.read("features", "temperature"), expected)
    doubled = np.where(has == 2, 2.0, 1.0) * app.column("pulse")
    np.testing.assert_allclose(app.read("features", "pulse"), doubled)
    np.testing.assert_array_equal(app.read("features", "age"), app.column("age"))


def test_who_knows_a_version_reads_it_rightly():
    knows = World(loaded(APP.replace("reads: [", "versions: [v2], reads: [")))
    np.testing.assert_array_equal(
        knows.read("features", "temperature"), knows.column("temperature")
    )
    doubled = np.where(version(knows) == 2, 2.0, 1.0) * knows.column("pulse")
    np.testing.assert_allclose(knows.read("features", "pulse"), doubled)


FORMATS = APP.replace("units: {temperature: fahrenheit}", "formats: {temperature: decimal_comma}")


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("misread", np.trunc),
        ("'null'", lambda values: np.full(values.shape, np.nan)),
        ("default, default: 36", lambda values: np.full(values.shape, 36.0)),
        ("drop", lambda values: np.full(values.shape, np.nan)),
    ],
)
def test_a_version_that_a_reader_does_not_know_meets_its_policy(policy: str, expected):
    world = World(loaded(FORMATS.replace("reads: [", f"on_bad: {policy}, reads: [")))
    foreign, true = version(world) == 1, world.column("temperature")
    np.testing.assert_array_equal(
        world.read("features", "temperature"), np.where(foreign, expected(true), true)
    )
    arrived = np.concatenate([block.log.request for block in world.collected])
    dropped = foreign if policy == "drop" else np.zeros_like(foreign)
    np.testing.assert_array_equal(np.sort(arrived), np.sort(world.log.request[~dropped]))


@pytest.mark.parametrize("policy", ["misread", "'null'", "default", "drop"])
def test_a_version_that_a_reader_knows_meets_none(policy: str):
    text = FORMATS.replace("reads: [", f"versions: [v2], on_bad: {policy}, reads: [")
    world = World(loaded(text))
    np.testing.assert_array_equal(
        world.read("features", "temperature"), world.column("temperature")
    )


def test_requests_are_counted_by_version():
    world = Scraped(APP, 3600.0)
    time = 8 * DAY
    for number, name in enumerate(("v1", "v2", "v3")):
        by_hand = np.sum((version(world) == number) & (world.log.end <= time))
        labels = {"client": "phone", "version": name, "outcome": "ok"}
        assert world.at(time, "client_requests_total", **labels) == by_hand


def test_a_request_that_fails_has_a_version_too():
    late = APP.replace("kind: client", "kind: client\n    timeout: 1s").replace(
        "kind: transform,", "kind: transform, service_time: exponential(mean=1s),"
    )
    world = Scraped(late, 3600.0)
    counted = [
        world.at(10 * DAY, "client_requests_total", version=name, outcome="timed_out")
        for name in ("v1", "v2", "v3")
    ]
    assert min(counted) > 0
    assert sum(counted) == np.sum(world.column("timed_out") & (world.log.end <= 10 * DAY))


@pytest.fixture(scope="module")
def broken() -> World:
    return World(loaded(APP + BAD))


def test_a_bad_release_reaches_those_who_install_it(broken: World):
    has, sent = version(broken) == 3, broken.log.sent
    assert not has[(sent < DAY) | (sent >= 4 * DAY)].any(), "withdrawn from all at once"
    late = (sent > 1.9 * DAY) & (sent < 2 * DAY)
    assert abs(has[late].mean() - stats.expon.cdf(0.95)) < 0.06
    np.testing.assert_array_equal(broken.read("features", "pulse")[has], 0.0)
    np.testing.assert_array_equal(
        broken.read("features", "temperature")[has], np.trunc(broken.column("temperature")[has])
    )


def test_a_later_release_saves_people_from_a_bad_one():
    """v2 comes at 2d: who installs it has it, and not the broken one from 1d."""
    world = World(loaded(APP + BAD.replace("    until: 4d\n", "")))
    at = (world.log.sent > 5.5 * DAY) & (world.log.sent < 6 * DAY)
    second = stats.expon.cdf(3.75, scale=3)
    assert abs((version(world)[at] == 1).mean() - second) < 0.05
    assert abs((version(world)[at] == 3).mean() - (1 - second) * stats.expon.cdf(4.75)) < 0.05


def test_lineage_marks_the_rows_of_a_bad_release_and_no_others(broken: World, app: World):
    for world, marked in ((broken, True), (app, False)):
        bad = version(world) == 3
        touched = np.concatenate(
            [
                np.broadcast_to(block.touched("features", "pulse"), block.log.end.shape)
                for block in world.blocks
            ]
        )
        np.testing.assert_array_equal(touched, bad)
        assert bad.any() == marked


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("v1: {}", "v1: {at: 1d}"), r"releases\.v1\.at: must not be given: everybody has"),
        (("at: 2d, ", ""), r"releases\.v2: needs `at`"),
        (("at: 2d", "at: 7d"), r"releases: must come one after another"),
        (("{temperature: f", "{temprature: f"), r"clients know no column 'temprature'.*'temperat"),
        (
            ("{temperature: fahrenheit", "{pulse: kg"),
            r"must have a unit, and pulse has none.*mperature",
        ),
        (("fahrenheit", "kg"), r"units\.temperature: must be a temperature \(got 'kg'\)"),
        (("2 * pulse", "2 * pulls"), r"sends\.pulse: clients know no column 'pulls'.*'pulse'"),
        (("mean=3d", "mean=age"), r"v2\.adoption: must not depend on a column, as on age"),
        (("reads: [", "versions: [v4], reads: ["), r"versions\[0\]: no client has a release 'v4'"),
        (("version: broken", "version: v2"), r"version: must be another one: phone has a release"),
        (("sends: {pulse: 0}", "sends: {puls: 0}"), r"sends\.puls: clients know no column 'puls'"),
    ],
)
def test_refuses(change: tuple[str, str], message: str):
    with pytest.raises(ScenarioError, match=message):
        loaded((APP + BAD).replace(*change))


def test_a_bad_release_needs_an_app_with_releases():
    without = APP[: APP.index("    releases:")] + APP[APP.index("  features:") :]
    with pytest.raises(ScenarioError, match="must be a client with releases, and the system has"):
        loaded(without + BAD)
