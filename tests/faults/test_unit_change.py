"""unit_change: only what is sent changes, for whom the update has reached, while it lasts."""

import numpy as np
import pytest
from scipy import stats

from mlsim.errors import ScenarioError
from tests.worlds import CLINIC, DAY, HOUR, World, loaded, one_step, run

ONSET, REPAIR, RAMP = 12 * HOUR, 36 * HOUR, 6 * HOUR


def test_consumer_reads_the_sent_number_in_its_own_unit():
    """37.0 degrees Celsius, sent in Fahrenheit, arrive as 98.6 'Celsius'."""
    world = run(one_step(), "unit_change", column="temperature", unit="fahrenheit")
    np.testing.assert_allclose(world.read("features", "temperature"), 98.6)
    np.testing.assert_array_equal(world.column("temperature"), 37.0)


def test_metres_sent_as_kilometres():
    world = run(one_step(1500.0, "m"), "unit_change", column="temperature", unit="km")
    np.testing.assert_allclose(world.read("features", "temperature"), 1.5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unit": "kg"}, r"faults\[0\]\.unit: must be a temperature \(got 'kg'\)"),
        ({"column": "temprature"}, r"faults\[0\]\.column: .*did you mean 'temperature'"),
        ({"component": "fone"}, r"faults\[0\]\.component: no component 'fone'.*'phone'"),
        ({"until": "0s"}, r"faults\[0\]\.until: must be after `at`"),
    ],
)
def test_refuses(change: dict[str, str], message: str):
    parameters = {"column": "temperature", "unit": "fahrenheit"} | change
    with pytest.raises(ScenarioError, match=message):
        run(one_step(), "unit_change", **parameters)


@pytest.fixture(scope="module")
def clinic() -> tuple[World, World]:
    """The clinic with its fault, and its twin."""
    scenario = loaded(CLINIC)
    return World(scenario), World(scenario, faults=[])


def test_movement_is_the_same_in_both_worlds(clinic: tuple[World, World]):
    broken, twin = clinic
    for mine, other in zip(broken.visits, twin.visits, strict=True):
        assert mine.tobytes() == other.tobytes()
    for field in ("request", "arrival", "sent", "end", "outcome", "attempts", "answer"):
        assert getattr(broken.log, field).tobytes() == getattr(twin.log, field).tobytes()


def test_rows_before_the_onset_and_after_the_repair_are_those_of_the_twin(
    clinic: tuple[World, World],
):
    broken, twin = clinic
    sent = twin.log.sent
    before, after = sent <= ONSET, sent > REPAIR
    assert min(before.sum(), after.sum()) > 1000
    columns = [("features", "temperature"), ("risk_model", "temperature"), ("telemetry", "fever")]
    for reader, column in [*columns, ("advice", "risk_model.score"), ("telemetry", "cough_rate")]:
        mine, other = broken.read(reader, column), twin.read(reader, column)
        for same in (before, after):
            assert mine[same].tobytes() == other[same].tobytes()
    during = ~before & ~after
    assert np.nanmax(broken.read("features", "temperature")[during]) > 90


def test_a_person_changes_over_once_and_the_share_grows_evenly(clinic: tuple[World, World]):
    """By the hour of the ramp, within four standard errors of its middle."""
    broken = clinic[0]
    sent, people = broken.log.sent, np.concatenate([b.truth.people for b in broken.blocks])
    new = broken.read("features", "temperature") > 90
    answered = broken.log.answer >= 0
    changing = answered & (sent > ONSET) & (sent <= ONSET + RAMP)
    assert np.all(new[answered & (sent > ONSET + RAMP) & (sent <= REPAIR)])
    for person in np.unique(people[changing]):
        own = np.flatnonzero(changing & (people == person))
        assert np.all(np.diff(new[own[np.argsort(sent[own])]].astype(int)) >= 0)
    for hour in range(6):
        cell = new[changing & (sent > ONSET + hour * HOUR) & (sent <= ONSET + (hour + 1) * HOUR)]
        expected = (hour + 0.5) / 6
        assert abs(cell.mean() - expected) < 4 * np.sqrt(expected * (1 - expected) / cell.size)


def test_uptake_is_uniform_over_the_ramp():
    """Each person's moment, found to a minute by asking at every minute."""
    world = run(one_step(), "unit_change", column="temperature", unit="fahrenheit", ramp="12h")
    change = world.system["phone"].current.changes[0]
    people = np.arange(2000)
    reached = np.zeros(2000)
    for minute in range(12 * 60):
        reached += ~change.spread.has_reached(people, np.full(2000, minute * 60.0))
    assert stats.kstest(reached / 720, "uniform").pvalue > 1e-3


def test_a_component_that_is_no_client_changes_over_row_by_row():
    text = one_step().replace("features -> phone", "features -> second -> phone")
    text = text.replace("system:", "system:\n  second: {kind: transform, reads: [temperature]}")
    world = run(
        text,
        "unit_change",
        component="features",
        column="temperature",
        unit="fahrenheit",
        ramp=f"{DAY}s",
    )
    hot = world.read("second", "temperature") > 90
    assert not np.any(world.read("features", "temperature") > 90)
    middle = np.abs(world.log.sent - DAY / 2) < DAY / 8
    assert abs(hot[middle].mean() - 0.5) < 4 * 0.5 / np.sqrt(middle.sum())
    people = np.concatenate([b.truth.people for b in world.blocks])
    both = set(people[hot & middle]) & set(people[~hot & middle])
    assert both, "rows change over, not people"


def test_the_end_of_one_change_leaves_another_of_the_same_column():
    text = (
        one_step()
        + """
faults:
  - {kind: unit_change, name: first, at: 0h, until: 12h, component: phone, column: temperature,
     unit: fahrenheit}
  - {kind: unit_change, name: second, at: 6h, component: phone, column: temperature, unit: kelvin}
"""
    )
    world = World(loaded(text))
    read, sent = world.read("features", "temperature"), world.log.sent
    np.testing.assert_allclose(read[sent <= 6 * HOUR], 98.6)
    np.testing.assert_allclose(read[sent > 6 * HOUR], 310.15)


MAKES = one_step().replace(
    "{kind: transform, reads: [temperature]}",
    "{kind: transform, reads: [temperature], makes: {warmth: temperature - 30}}",
)


@pytest.mark.parametrize(
    ("component", "text", "column", "near"),
    [
        ("features", MAKES, "warmth", r" \(those with one: temperature\)"),
        (
            "weather",
            one_step()
            .replace("system:", 'system:\n  weather: {kind: external, provides: {humid: "1"}}')
            .replace("phone -> f", "phone -> weather -> f"),
            "humid",
            "",
        ),
    ],
)
def test_refuses_a_column_without_a_unit(component: str, text: str, column: str, near: str):
    """Else there would be nothing to convert from: it stands in no contract."""
    message = rf"yaml:\d+: faults\[0\]\.column: must have a unit, and {column} has none{near}"
    with pytest.raises(ScenarioError, match=message):
        run(text, "unit_change", component=component, column=column, unit="kelvin")
