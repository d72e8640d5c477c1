"""Training in the night: versions are what scikit-learn makes of the rows known by then."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from mlsim import api
from mlsim.engine import draws
from mlsim.errors import ScenarioError
from mlsim.telemetry.overview import warnings
from tests.worlds import CLINIC, HOUR, World, loaded

SCHOOL = CLINIC.replace(
    "flow:",
    """  lab: {kind: feedback, reveals: infected, share: 0.8, delay: exponential(mean=3h)}
  nightly:
    kind: trainer
    model: risk_model
    every: 12h
    window: 12h
    max_rows: 800
    gate: auc > 0.5
    duration: 30min
  rollout: {kind: deployer, takes: 10min}
flow:""",
)
SEED = 3
THIRD = 24 * HOUR
"""When version 3 is trained, in seconds; half of its window's temperatures are in Fahrenheit."""
INPUTS = ["cough_model.score", "temperature"]


@pytest.fixture(scope="module")
def run() -> api.Run:
    """With the fault: what it spoils is learned from as it was received."""
    return api.Scenario(loaded(SCHOOL), None).run(twin=False, record=("rows", "requests"))


@pytest.fixture(scope="module")
def world() -> World:
    return World(loaded(SCHOOL))


def luck(stream: str, rows: pd.DataFrame) -> np.ndarray:
    return draws.uniform(draws.stream(SEED, stream), rows["request"].to_numpy(np.int64))


@pytest.fixture(scope="module")
def sample(run: api.Run) -> pd.DataFrame:
    """What version 3 may learn from, joined by hand: 800 keyed rows whose label is known."""
    rows = run.rows
    inside = (rows["time_s"] >= THIRD - 12 * HOUR) & (rows["time_s"] < THIRD)
    rows = rows[inside & (rows["known/infected"] <= THIRD)]
    assert len(rows) > 1000
    lucky = np.sort(np.argsort(luck("training/sample", rows))[:800])
    return rows.iloc[lucky]


def test_a_nightly_version_is_scikit_learn_on_the_rows_known_by_then(
    run: api.Run, sample: pd.DataFrame
):
    """Scores served while version 3 is in force, against a model fitted by hand."""
    used = sample[luck("training/holdout", sample) >= 0.2]
    mean, scale = used[INPUTS].mean(), used[INPUTS].std(ddof=0)
    direct = LogisticRegression(random_state=SEED)
    direct.fit(((used[INPUTS] - mean) / scale).to_numpy(), used["label/infected"] > 0)

    begin, end = THIRD + 41 * 60, THIRD + 12 * HOUR + 39 * 60
    requests = run.requests
    served = requests[
        (requests["arrival_s"] > begin)
        & (requests["end_s"] < end)
        & requests["risk_model.score"].notna()
    ]
    x = served[["cough_model.score", "features.temperature"]].to_numpy()
    expected = direct.predict_proba((x - mean.to_numpy()) / scale.to_numpy())[:, 1]
    assert len(served) > 1500
    np.testing.assert_allclose(served["risk_model.score"], expected, rtol=1e-6)


def test_its_lineage_and_quality_are_those_of_its_rows(world: World, sample: pd.DataFrame):
    version = world.system.registry.version("risk_model", 3)
    held = luck("training/holdout", sample) < 0.2
    used, kept = sample[~held], sample[held]
    assert (version.trained_at, version.rows) == (THIRD, len(used))
    assert version.positives == used["label/infected"].sum()
    assert version.oldest_row == sample["time_s"].min()
    scores = version.score([kept[name].to_numpy() for name in INPUTS])
    assert version.quality["rows"] == len(kept)
    assert version.quality["auc"] == roc_auc_score(kept["label/infected"], scores)


def test_it_knows_how_many_spoilt_rows_it_learned_from(world: World, sample: pd.DataFrame):
    """Nobody's temperature is 50 degrees Celsius."""
    used = sample[luck("training/holdout", sample) >= 0.2]
    touched = world.system.registry.version("risk_model", 3).touched_rows
    assert touched == (used["temperature"] > 50).sum() > 100


def test_what_has_not_become_known_is_not_learned_from():
    """Labels that end at day 0: later windows are empty, and version 1 serves on."""
    world = World(loaded(SCHOOL, system__lab__share="0.8 * (1 - ramp(0h, 1s))"), faults=[])
    later = world.system.registry.versions("risk_model")[2:]
    assert [version.rows for version in later] == [0, 0]
    assert not any(version.passed or version.can_score for version in later)


def test_without_labels_nothing_is_ever_learned():
    world = World(loaded(SCHOOL, system__lab__share="0"), faults=[])
    versions = world.system.registry.versions("risk_model")
    assert not any(version.can_score for version in versions)
    told = [warning.split(":")[0] for warning in warnings(world.system)]
    assert told == ["cough_model was never trained", "risk_model was never trained"]
    assert np.isnan(world.column("risk_model.score")).all()
    assert not world.column("advice.isolate").any()


def test_what_does_not_pass_its_gate_does_not_serve():
    world = World(loaded(SCHOOL, system__nightly__gate="auc > 0.5 and rows > 1e6"), faults=[])
    first, *others = world.system.registry.versions("risk_model")
    assert first.passed
    assert len(others) >= 3
    assert not any(version.passed for version in others)
    assert [number for _, number in world.system["risk_model"].history] == [1]
    assert not world.system.registry.deployed["risk_model"]


@pytest.mark.parametrize(
    ("line", "wrong", "message"),
    [
        ("model: risk_model", "model: risk_modl", "model: no model 'risk_modl'.*'risk_model'"),
        ("model: risk_model", "model: gateway", "model: must be a model that is learned .*gateway"),
        ("gate: auc > 0.5", "gate: acu > 0.5", "gate: unknown metric 'acu'.*mean 'auc'"),
        ("window: 12h", "window: 3d", "window: .*history.*2d"),
        ("every: 12h", "every: 0h", "every: "),
    ],
)
def test_a_mistake_is_told_with_its_line(line: str, wrong: str, message: str):
    before, _, after = SCHOOL.partition("  nightly:")
    text = f"{before}  nightly:{after.replace(line, wrong, 1)}"
    number = next(k for k, one in enumerate(text.splitlines(), 1) if wrong in one)
    with pytest.raises(ScenarioError, match=rf"scenario.yaml:{number}: system.nightly.{message}"):
        loaded(text)


def test_a_model_that_predicts_what_the_world_lacks_is_told_with_its_line():
    text = SCHOOL.replace(
        "predicts: infected, inputs: [cough_model", "predicts: ill, inputs: [cough_model"
    )
    number = next(k for k, one in enumerate(text.splitlines(), 1) if "predicts: ill" in one)
    message = rf"scenario.yaml:{number}: system.risk_model.predicts: the world has no column 'ill'"
    with pytest.raises(ScenarioError, match=message):
        loaded(text)
