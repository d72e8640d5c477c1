"""What a consumer does with values that it can't parse, or that their contract doesn't allow."""

import numpy as np
import pytest

from mlsim.errors import ScenarioError
from mlsim.faults.base import Fault
from mlsim.system.requests import RequestBlock
from mlsim.system.simulation import System
from mlsim.telemetry.recorder import Recorder
from mlsim.telemetry.store import SeriesStore
from tests.faults.senders import phone, with_fault
from tests.worlds import HOUR, World, loaded

BAD = {"column": "temperature", "to": "text", "at": "6h", "until": "18h", "ramp": "12h"}
DROPS = phone("reads: [temperature, pulse], on_bad: drop")


def ids(blocks: list[RequestBlock]) -> list[int]:
    return [int(one) for block in blocks for one in block.log.request]


@pytest.fixture(scope="module")
def dropping() -> World:
    return with_fault("format_change", DROPS, **BAD)


def unparsed(world: World) -> np.ndarray:
    """Rows that came from a phone with the update: with `null` they'd be missing."""
    null = with_fault("format_change", DROPS.replace("drop", "'null'"), **BAD)
    assert ids(null.collected) == ids(null.blocks)
    return np.isnan(null.read("telemetry", "temperature"))


def test_a_dropped_row_reaches_no_collector_and_the_others_all_do(dropping: World):
    bad = unparsed(dropping)
    everybody = np.array(ids(dropping.blocks))
    assert 1000 < bad.sum() < bad.size / 2
    assert sorted(ids(dropping.collected)) == sorted(everybody[~bad])


def test_its_request_is_answered_without_the_value(dropping: World):
    bad = unparsed(dropping)
    assert np.all(dropping.column("ok"))
    np.testing.assert_array_equal(np.isnan(dropping.read("telemetry", "temperature")), bad)


def test_a_collector_can_drop_by_itself():
    """It ingests all that is sent; what it can't parse it forgets, and no step before it cares."""
    text = phone("reads: [pulse]").replace("kind: collector", "kind: collector, on_bad: drop")
    world = with_fault("format_change", text, column="temperature", to="renamed", at="12h")
    sent = world.log.sent
    assert sorted(ids(world.collected)) == sorted(world.log.request[sent <= 12 * HOUR])


def test_dropped_rows_are_counted_where_they_are_dropped(dropping: World):
    scenario = dropping.system.scenario
    system = System(scenario, scenario.seed)
    recorder = Recorder(system, 60.0)
    system.listeners.append(recorder)
    faults: tuple[Fault, ...] = scenario.faults
    for fault in faults:
        system.clock.process(fault.process(system))
    system.run()
    store = SeriesStore(recorder.times)
    recorder.write(store)
    counter = store.to_frame().filter(like="rows_dropped_total")
    assert counter.shape[1] == 1
    seen_by_then = dropping.log.end <= recorder.times[-1]
    assert counter.iloc[-1, 0] == unparsed(dropping)[seen_by_then].sum()


def test_in_which_blocks_rows_come_does_not_matter(dropping: World, monkeypatch):
    monkeypatch.setattr("mlsim.system.simulation.BLOCK", 97)
    small = with_fault("format_change", DROPS, **BAD)
    assert len(small.collected) > len(dropping.collected)
    assert ids(small.collected) == ids(dropping.collected)


def test_a_strict_consumer_holds_a_column_to_its_range_and_its_categories():
    text = phone("reads: [temperature, device], on_bad: 'null', strict: true")
    world = World(loaded(text))
    true, read = world.column("temperature"), world.read("telemetry", "temperature")
    allowed = (true >= 34) & (true <= 40)
    assert not allowed.all()
    np.testing.assert_array_equal(read, np.where(allowed, true, np.nan))
    odd = with_fault("stale_encoder", text, column="device")
    device, read = odd.column("device"), odd.read("telemetry", "device")
    np.testing.assert_array_equal(read, np.where(device == 2, np.nan, device + 1))


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ("on_bad: dorp", r"system.features.on_bad: "),
        ("strict: true", r"system.features.strict: needs an on_bad policy"),
    ],
)
def test_refuses(features: str, message: str):
    with pytest.raises(ScenarioError, match=message):
        loaded(phone(features))


def test_refuses_a_range_upside_down():
    with pytest.raises(ScenarioError, match=r"temperature.range: must be \[low, high\]"):
        loaded(phone().replace("[34, 40]", "[40, 34]"))


SORTS = phone("reads: [steps, smoker], on_bad: 'null', strict: true").replace(
    "    pulse:",
    '    steps: {is: "floor(uniform(0, 9000))", type: whole}\n'
    "    smoker: {is: bernoulli(0.2), type: flag}\n    pulse:",
)


@pytest.mark.parametrize(
    ("column", "factor", "kept"),
    [
        ("steps", 1.5, lambda sent: sent % 1 == 0),  # a whole number is no breach
        ("smoker", 2, lambda sent: sent == 0),
        ("smoker", 0.5, lambda sent: sent == 0),
    ],
)
def test_who_is_strict_takes_no_value_of_another_type(column: str, factor: float, kept):
    world = with_fault("wrong_scale", SORTS, column=column, factor=factor)
    sent = world.column(column) * factor
    read = world.read("features", column)
    np.testing.assert_array_equal(read, np.where(kept(sent), sent, np.nan))
    assert 0.1 < np.isnan(read).mean() < 0.9


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("type: flag, range: [0, 1]", "needs either range or type: flag"),
        ("type: whole, categories: [a, b]", "needs either categories or type"),
        ("type: integer", r"type: must be .*\(got 'integer'\)"),
    ],
)
def test_refuses_a_contract_that_says_two_things(text: str, message: str):
    with pytest.raises(ScenarioError, match=rf"world\.check_up\.smoker.*{message}"):
        loaded(SORTS.replace("type: flag", text))
