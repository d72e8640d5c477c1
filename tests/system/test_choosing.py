"""Choices in the flow: by what reaches them, under the settings that each row has met."""

import numpy as np
import pytest

from mlsim.errors import ScenarioError
from tests.faults.senders import phone, with_fault
from tests.worlds import DAY, HOUR, World, loaded

CASCADE = """
scenario: cascade
history: 1d
horizon: 1d
seed: 3
world:
  people: 3000
  state:
    fear: {start: 0, every: 2h, next: fear + 0.2, range: [0, 3]}
  visit:
    infected: bernoulli(0.2 + 0.1 * step(12h))
    temperature:
      is: normal(36.7 + 1.1 * infected, 0.8)
      unit: celsius
    cough: normal(1.5 * infected + fear, 1)
load:
  visits: {rate: 0.05/s, of: person, enters: phone}
system:
  phone: {kind: client, timeout: 2s, retries: {max: 2, backoff: 100ms}}
  small: {kind: model, predicts: infected, inputs: [temperature]}
  large:
    kind: model
    predicts: infected
    inputs: [temperature, cough]
    workers: 1
    service_time: exponential(mean=1s)
  advice: {kind: policy, when: "coalesce(large.score, small.score) > 0.5", then: isolate}
  telemetry: {kind: collector}
  nightly: {kind: trainer, model: small, every: 4h, window: 12h}
flow:
  - phone -> small -> (large if 0.2 < small.score and small.score < 0.8) -> advice -> phone
  - advice ~> telemetry
faults:
  - kind: unit_change
    at: 6h
    until: 18h
    ramp: 6h
    component: phone
    column: temperature
    unit: fahrenheit
"""


@pytest.fixture(scope="module")
def cascade() -> World:
    return World(loaded(CASCADE))


def answered(world: World) -> np.ndarray:
    return np.asarray(world.column("ok"))


def test_only_uncertain_cases_go_on_to_the_large_model(cascade: World):
    """Through versions of the small one, a fault, and attempts that are sent again."""
    score, ok = cascade.column("small.score"), answered(cascade)
    went = ~np.isnan(cascade.column("large.score"))
    uncertain = (score > 0.2) & (score < 0.8)
    np.testing.assert_array_equal(went[ok], uncertain[ok])
    assert 0.05 < went[ok].mean() < 0.95
    assert np.any(cascade.log.answer[ok] > 0)
    versions = cascade.log.stamps[:, cascade.system.network.index("small")]
    assert np.unique(versions[ok]).size > 5


def test_what_a_branch_brings_is_used_where_it_was_taken(cascade: World):
    large, small = cascade.column("large.score"), cascade.column("small.score")
    score, ok = np.where(np.isnan(large), small, large), answered(cascade)
    np.testing.assert_array_equal(cascade.column("advice.isolate")[ok], score[ok] > 0.5)


TWO_WAYS = """
scenario: ways
horizon: 1d
seed: 1
world:
  visit: {x: "uniform(0, 1)"}
load:
  visits: {rate: 0.1/s, enters: phone}
system:
  phone: {kind: client}
  double: {kind: transform, reads: [], makes: {y: 2 * x}}
  half: {kind: transform, reads: [], makes: {y: x / 2}}
  judge: {kind: policy, when: y > 0.5, then: act}
flow:
  - phone -> (double if x < 0.5 else half if bernoulli(0.4)) -> judge -> phone
"""


def test_a_column_comes_from_the_branch_that_was_taken():
    world = World(loaded(TWO_WAYS.replace(" else half if bernoulli(0.4)", " else half")))
    x = world.column("x")
    np.testing.assert_array_equal(world.read("judge", "y"), np.where(x < 0.5, 2 * x, x / 2))


def test_what_goes_aside_from_a_branch_has_what_the_branch_sends():
    """And the branch is still not on everybody's way."""
    text = TWO_WAYS.replace(" else half if bernoulli(0.4)", " else half")
    asides = "\n  - double ~> log\n  - half ~> log"
    world = World(loaded(text.replace("flow:", f"  log: {{kind: collector}}\nflow:{asides}")))
    x = world.column("x")
    np.testing.assert_array_equal(world.read("judge", "y"), np.where(x < 0.5, 2 * x, x / 2))
    for block in world.collected:
        x = block["x"]
        np.testing.assert_array_equal(block.at("log", "y"), np.where(x < 0.5, 2 * x, x / 2))


def test_who_stands_in_two_branches_reads_what_came_by_each():
    text = TWO_WAYS.replace(
        " else half if bernoulli(0.4)) -> judge", " -> judge else half -> judge)"
    )
    text = text.replace("(double if x < 0.5 -> judge", "(double -> judge if x < 0.5")
    world = World(loaded(text))
    x = world.column("x")
    np.testing.assert_array_equal(world.read("judge", "y"), np.where(x < 0.5, 2 * x, x / 2))


LABELLING = """
scenario: labelling
horizon: 12h
seed: 3
world:
  visit: {x: "uniform(0, 1)", y: "uniform(0, 1)"}
load:
  visits: {rate: 0.05/s, enters: phone}
system:
  phone: {kind: client}
  judge: {kind: policy, when: x > 0.5, then: act}
  nurses: {kind: server, workers: 1, service_time: exponential(mean=60s), timeout: 3min}
  labelled: {kind: collector}
flow:
  - phone -> judge -> phone
  - judge ~> (nurses -> labelled if 0.3 < x and x < 0.7 and y > 0.5)
faults:
  - {kind: wrong_scale, component: phone, column: x, factor: 2, at: 4h, until: 8h}
"""


@pytest.fixture(scope="module")
def labelling() -> World:
    return World(loaded(LABELLING))


def test_a_choice_aside_sends_some_and_nobody_waits_for_them(labelling: World):
    """They go by what the phone has sent; for some the nurses take too long."""
    rows = labelling.log
    factor = np.where((rows.sent >= 4 * HOUR) & (rows.sent < 8 * HOUR), 2, 1)
    x, y = factor * labelling.column("x"), labelling.column("y")
    asked = rows.request[(x > 0.3) & (x < 0.7) & (y > 0.5)]
    visits, waiting = labelling.visits_of("nurses"), labelling.system.network.under_way().request
    np.testing.assert_array_equal(np.sort([*visits.request, *waiting]), np.sort(asked))
    assert 0.1 < asked.size / rows.request.size < 0.2
    done = np.concatenate([block.log.request for block in labelling.collected])
    np.testing.assert_array_equal(np.sort(done), np.sort(visits.request[visits.outcome == 0]))
    assert (visits.outcome != 0).mean() > 0.05
    np.testing.assert_array_equal(rows.end, rows.arrival)


def test_who_was_sent_aside_by_a_faulty_column_is_touched(labelling: World):
    for block in labelling.collected:
        misled = np.broadcast_to(block.misled("labelled"), block.log.end.shape)
        faulty = (block.log.sent >= 4 * HOUR) & (block.log.sent < 8 * HOUR)
        np.testing.assert_array_equal(misled, faulty)


def test_a_choice_may_lead_back_to_the_component_by_which_it_goes():
    """A fault there is told of once: in what it sends."""
    fault = "faults: [{kind: wrong_scale, component: double, column: y, factor: 9, at: 12h}]"
    way = "any of [double, half] -> (half if y > 1 else double)"
    text = TWO_WAYS.replace("(double if x < 0.5 else half if bernoulli(0.4))", way)
    text = text.replace("reads: [], makes: {y: x / 2}", "service_time: 1s, makes: {z: x}")
    world = World(loaded(text + fault))
    for block in world.blocks:
        touched = np.broadcast_to(block.touched_at("judge", "y"), block.log.end.shape)
        np.testing.assert_array_equal(touched, block.log.sent >= 12 * HOUR)


def test_each_branch_of_a_choice_aside_ends_at_one_component():
    text = LABELLING.replace("y > 0.5)", "y > 0.5 else [nurses, labelled])")
    with pytest.raises(ScenarioError, match=r"flow\[1\]: goes aside, and must end at a single"):
        loaded(text)


def test_a_branch_says_nothing_of_what_was_met_before_it():
    """Who got nothing from `double` has no y, though another visit to it may follow."""
    text = TWO_WAYS.replace(
        "reads: [], makes: {y: 2", "optional: true, error_rate: 0.5, makes: {y: 2"
    )
    way = "double -> (half if y > 1 else double)"
    world = World(loaded(text.replace("(double if x < 0.5 else half if bernoulli(0.4))", way)))
    visits, halved = world.visits_of("double"), world.visits_of("half").request
    assert halved.size > 1000
    assert not np.isin(halved, visits.request[visits.outcome == 3]).any()


def test_a_random_choice_is_a_fair_one_of_each_request():
    world = World(loaded(TWO_WAYS.replace("x < 0.5", "bernoulli(0.3)").replace("0.4", "0.5")))
    n = world.log.request.size
    for component, share in (("double", 0.3), ("half", 0.35)):
        seen = world.visits_of(component).request.size / n
        assert abs(seen - share) < 4 * np.sqrt(share * (1 - share) / n)


def test_a_changed_truth_leads_rows_elsewhere_from_then_on():
    """Also those whose way had been foreseen before it changed."""
    fault = "faults: [{kind: data_drift, column: x, shift: 2, at: 12h}]"
    world = World(loaded(TWO_WAYS + fault))
    late = world.log.arrival >= 12 * HOUR
    doubled = np.isin(world.log.request, world.visits_of("double").request)
    np.testing.assert_array_equal(doubled, world.column("x") < 0.5)
    assert not np.any(doubled[late])
    assert 0.4 < doubled[~late].mean() < 0.6


def test_a_state_of_the_world_is_not_foreseen_beyond_its_step():
    text = TWO_WAYS.replace(
        "world:\n", "world:\n  state: {mood: {start: 0, every: 1h, next: mood + 0.04}}\n"
    ).replace('"uniform(0, 1)"', '"uniform(0, 1) + mood"')
    world = World(loaded(text))
    doubled = np.isin(world.log.request, world.visits_of("double").request)
    np.testing.assert_array_equal(doubled, world.column("x") < 0.5)
    assert world.log.arrival.max() < DAY


def test_a_row_that_can_not_be_parsed_fails_loudly():
    """Exactly those fail that a `null` policy would have found missing."""
    bad = {"column": "temperature", "to": "text", "at": "6h", "until": "18h", "ramp": "12h"}
    fails, nulls = (
        with_fault("format_change", phone(f"reads: [temperature], on_bad: {policy}"), **bad)
        for policy in ("fail", "'null'")
    )
    missing = np.isnan(nulls.read("features", "temperature"))
    np.testing.assert_array_equal(np.sort(fails.log.request), np.sort(nulls.log.request))
    failed = np.sort(fails.log.request[np.asarray(fails.column("failed"))])
    np.testing.assert_array_equal(failed, np.sort(nulls.log.request[missing]))
    assert failed.size > 100
    visits = fails.visits_of("features")
    np.testing.assert_array_equal(visits.outcome == 3, np.isin(visits.request, failed))


def test_an_optional_step_that_can_not_parse_a_row_leaves_it_without():
    text = phone("reads: [temperature], on_bad: fail, optional: true")
    world = with_fault("format_change", text, column="temperature", to="text", at="12h")
    late = world.log.sent > 12 * HOUR
    assert np.all(answered(world))
    np.testing.assert_array_equal(np.isnan(world.column("features.temperature")), late)


def test_a_condition_reads_only_what_has_reached_it():
    with pytest.raises(ScenarioError, match=r"no 'y' reaches the choice \(double if"):
        loaded(TWO_WAYS.replace("x < 0.5", "y < 0.5"))
