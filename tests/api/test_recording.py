"""What a run keeps of single requests, visits and rows."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlsim import api
from mlsim.errors import MlsimError
from mlsim.studies import recording
from mlsim.system import simulation
from mlsim.system.settled import OUTCOMES
from mlsim.telemetry.recorder import VISIT_OUTCOMES
from tests.worlds import CLINIC, COUNTER, World, loaded, written

WHOLE = ("requests", "visits", "rows")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("clinic"))


@pytest.fixture(scope="module")
def run(path: Path) -> api.Run:
    return api.load(path).run(record=WHOLE)


@pytest.fixture(scope="module")
def seen() -> World:
    """The world with all faults, watched by the tests' own listener."""
    return World(loaded(CLINIC))


def test_all_requests_are_those_that_ended_after_day_0(run: api.Run, seen: World):
    order = np.lexsort((seen.log.request, seen.log.end))
    order = order[seen.log.end[order] > 0]
    requests = run.requests
    assert len(requests) == run.summary["requests"]["total"]
    np.testing.assert_array_equal(requests["request"], seen.log.request[order])
    np.testing.assert_array_equal(requests["arrival_s"], seen.log.arrival[order])
    np.testing.assert_array_equal(requests["attempts"], seen.log.attempts[order])
    for column in ("infected", "age", "features.temperature", "risk_model.score", "advice.isolate"):
        np.testing.assert_array_equal(requests[column], seen.column(column)[order])


def test_visits_are_those_that_ended_after_day_0(run: api.Run, seen: World):
    live = seen.visits.end > 0
    visits = run.visits
    assert len(visits) == live.sum()
    served = visits[visits["component"] == "gateway"].sort_values(["request", "attempt"])
    truth = seen.visits_of("gateway")
    order = np.lexsort((truth.attempt, truth.request))
    order = order[truth.end[order] > 0]
    np.testing.assert_array_equal(served["start_s"], truth.start[order])
    np.testing.assert_array_equal(served["end_s"], truth.end[order])


def test_rows_are_what_reached_the_collector_from_the_history_on(run: api.Run, seen: World):
    end = np.concatenate([block.log.end for block in seen.collected])
    score = np.concatenate([b.at("telemetry", "risk_model.score") for b in seen.collected])
    rows = run.rows
    assert rows["time_s"].min() < -86400 * 1.9
    np.testing.assert_array_equal(rows["time_s"], np.sort(end))
    np.testing.assert_array_equal(rows["risk_model.score"], score[np.argsort(end, kind="stable")])


def test_truth_is_that_of_the_twin_and_only_what_was_sent_differs(run: api.Run):
    both = run.requests.merge(run.twin.requests, on="request", suffixes=("", "_twin"))
    assert len(both) == len(run.requests)
    pd.testing.assert_series_equal(
        both["temperature"], both["temperature_twin"], check_names=False, check_exact=True
    )
    changed = both[both["features.temperature"] != both["features.temperature_twin"]]
    assert len(changed) > 1000
    np.testing.assert_allclose(
        changed["features.temperature"], changed["temperature"] * 1.8 + 32, rtol=1e-12
    )


def test_a_sample_is_the_same_in_every_world_and_a_part_of_the_whole(
    path: Path, run: api.Run, monkeypatch: pytest.MonkeyPatch
):
    """Of about 8640 requests 1000 are asked for; four standard errors of the count."""
    monkeypatch.setattr(recording, "SAMPLE", 1000)
    sampled = api.load(path).run()
    sample, whole = sampled.requests, run.requests
    assert len(sample) == pytest.approx(1000, abs=4 * np.sqrt(1000))
    assert sample["request"].tolist() == sampled.twin.requests["request"].tolist()
    part = whole[whole["request"].isin(sample["request"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(sample, part)


def test_blocks_make_no_difference(path: Path, run: api.Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(simulation, "BLOCK", 777)
    again = api.load(path).run(twin=False, record=WHOLE)
    tables = run.findings.run.tables
    assert {n: t.content for n, t in again.findings.run.tables.items()} == {
        name: table.content for name, table in tables.items()
    }


def test_what_was_never_answered_has_no_score():
    scenario = loaded(CLINIC, system__phone__timeout="1ms", horizon="6h")
    requests = api.Scenario(scenario, None).run(twin=False).requests
    lost = requests[requests["outcome"] == "timed_out"]
    assert len(lost) == len(requests) > 500
    assert lost["risk_model.score"].isna().all()
    assert not lost["advice.isolate"].any()
    assert lost["infected"].notna().all()
    assert set(lost["attempts"]) == {3}


def test_who_leaves_before_the_answer_has_abandoned_the_request():
    text = CLINIC.replace("timeout: 4s", "timeout: 4s, patience: 400ms")
    requests = api.Scenario(loaded(text, horizon="6h"), None).run(twin=False).requests
    left = requests[requests["outcome"] == "abandoned"]
    assert 0 < len(left) < len(requests)
    np.testing.assert_allclose(left["end_s"] - left["arrival_s"], 0.4)
    assert left["risk_model.score"].isna().all()


@pytest.mark.parametrize(
    ("table", "outcomes"), [(api.Run.requests, OUTCOMES), (api.Run.visits, VISIT_OUTCOMES)]
)
def test_every_outcome_is_described(table: property, outcomes: tuple[str, ...]):
    words = set(re.findall(r"\w+", str(table.__doc__)))
    assert words.issuperset(outcomes)


def test_requests_of_several_loads_have_what_is_theirs():
    world = 'world:\n  parcel: {weight: "uniform(1, 2)"}\n'
    parcels = f"{world}load:\n  parcels: {{rate: 0.1/s, enters: desk}}"
    text = COUNTER.replace("load:", parcels)
    requests = api.Scenario(loaded(text, horizon="1h"), None).run().requests
    ours = requests["load"] == "parcels"
    assert 0 < ours.sum() < len(requests)
    assert requests.loc[ours, "weight"].between(1, 2).all()
    assert requests.loc[~ours, "weight"].isna().all()
    assert (requests["person"] == -1).all()


def test_unknown_record_names_the_nearest():
    with pytest.raises(MlsimError, match=r"got 'visit'\) \(did you mean 'visits'\?\)"):
        api.Scenario(loaded(COUNTER), None).run(record=["requests", "visit"])


def test_too_much_is_refused_before_it_runs(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(simulation.System, "run", lambda *_: pytest.fail("it runs"))
    scenario = api.Scenario(loaded(COUNTER, load__jobs__rate="200/s"), None)
    with pytest.raises(MlsimError, match=r"record 'visits': about 17 million rows .* 1.4 GiB"):
        scenario.run(record="visits")


def test_expected_number_follows_the_rate(run: api.Run):
    """The clinic's rate is constant: 0.05 a second over two days."""
    assert recording.expected(loaded(CLINIC), 0.0) == pytest.approx(0.05 * 2 * 86400)


@pytest.mark.parametrize("what", ["visits", "rows"])
def test_what_was_not_recorded_says_how_to_record_it(what: str):
    run = api.Scenario(loaded(COUNTER, horizon="10min"), None).run()
    with pytest.raises(MlsimError, match=rf'run\(record="{what}"\)'):
        getattr(run, what)
