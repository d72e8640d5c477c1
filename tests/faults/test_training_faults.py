"""Faults of training: what a version was made from, counted by hand on the rows that arrived."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from mlsim.engine import draws
from mlsim.errors import ScenarioError
from mlsim.system.learning import ModelVersion
from tests.worlds import CLINIC, DAY, HOUR, World, loaded

SCHOOL = CLINIC[: CLINIC.index("faults:")].replace(
    "flow:",
    """  nightly: {kind: trainer, model: risk_model, every: 12h, window: 1d, duration: 0s}
flow:""",
)
TWIN = World(loaded(SCHOOL))


def broken(kind: str, **fields: Any) -> World:
    """A fault from 6 h to 30 h: it reaches version 2 (of 12 h) and 3 (of 24 h), not 4."""
    fault = {"kind": kind, "at": "6h", "until": "30h", "component": "nightly", **fields}
    return World(loaded(SCHOOL, faults=[fault]))


def version(world: World, number: int = 2) -> ModelVersion:
    return world.system.registry.version("risk_model", number)


def at_12h(column: str) -> np.ndarray:
    """A true column of the rows that version 2 could have been fitted on in the twin."""
    time = np.concatenate([block.log.end for block in TWIN.collected])
    ids = np.concatenate([block.log.request for block in TWIN.collected])
    stream = draws.stream(TWIN.system.seed, "training/holdout")
    used = (time >= -12 * HOUR) & (time < 12 * HOUR) & (draws.uniform(stream, ids) >= 0.2)
    return np.concatenate([block.truth[column] for block in TWIN.collected])[used]


def test_the_twin_is_fitted_on_all_rows():
    assert version(TWIN).rows == at_12h("age").size
    assert not version(TWIN).touched


def test_rows_that_never_reach_training():
    world = broken("sampling_bias", only="age > 60")
    assert version(world).rows == (at_12h("age") <= 60).sum()
    assert version(world).spoilt
    assert not version(world, 4).spoilt


def test_the_wrong_table_has_other_people_and_is_balanced():
    world = broken("wrong_source", holds="age < 40", positives=0.5)
    young = at_12h("age") < 40
    infected = at_12h("infected")[young].sum()
    made = version(world)
    assert made.positives == infected
    assert abs(made.positives / made.rows - 0.5) < 4 * 0.5 / np.sqrt(made.rows)


def test_a_leak_makes_the_holdout_perfect_and_serving_worse():
    world = broken("label_leakage", column="temperature", becomes="36 + 4 * infected")
    assert version(world).quality["auc"] > 0.9999
    assert version(world).touched_rows == version(world).rows
    sent = TWIN.log.sent
    during = (sent > 12 * HOUR) & (sent < 36 * HOUR)
    infected = TWIN.column("infected")[during] == 1
    wrong = [
        np.nansum((w.column("risk_model.score")[during] > 0.5) != infected) for w in (world, TWIN)
    ]
    assert wrong[0] > 1.2 * wrong[1]


def test_a_snapshot_is_what_it_was_night_after_night():
    world = broken("stale_snapshot")
    second, third, fourth = (version(world, k) for k in (2, 3, 4))
    assert -18 * HOUR <= second.oldest_row < -17 * HOUR
    assert (third.rows, third.oldest_row) == (second.rows, second.oldest_row)
    assert third.trained_at == DAY
    assert fourth.oldest_row > 11 * HOUR
    assert second.touched
    assert third.touched
    assert not fourth.touched


def test_a_snapshot_that_is_stale_already_gets_no_younger():
    """A second one begins and ends while the first lasts, or outlasts it."""
    lasting = [version(broken("stale_snapshot"), k) for k in (2, 3, 4)]
    for begin, end in (("10h", "20h"), ("20h", "30h")):
        second = {"kind": "stale_snapshot", "at": begin, "until": end, "component": "nightly"}
        first = second | {"at": "6h", "until": "30h" if end == "20h" else "22h"}
        world = World(loaded(SCHOOL, faults=[first, second | {"name": "second"}]))
        made = [version(world, k) for k in (2, 3, 4)]
        assert [v.oldest_row for v in made] == [v.oldest_row for v in lasting]
        assert [v.rows for v in made] == [v.rows for v in lasting]


def test_old_code_is_scikit_learn_with_its_hyperparameters_and_inputs():
    world = broken("stale_training_code", parameters={"C": 0.01}, leaves_out=["temperature"])
    made = version(world)
    assert made.estimator is not None
    assert isinstance(made.estimator.classifier, LogisticRegression)
    assert (made.estimator.classifier.C, made.estimator.classifier.coef_.shape) == (0.01, (1, 1))
    healthy = version(world, 4).estimator
    assert healthy is not None
    assert (healthy.classifier.C, healthy.classifier.coef_.shape) == (1.0, (1, 2))
    scores = [made.score([np.array([0.3]), np.array([t])]) for t in (36.0, 40.0)]
    assert scores[0] == scores[1], "it doesn't know temperatures"


def test_a_job_that_is_not_started_makes_nothing_and_the_old_version_is_overdue():
    world = broken("stopped_job")
    made = [v.trained_at / HOUR for v in world.system.registry.versions("risk_model")]
    assert made == [0, 36, 48][: len(made)]
    marked = [v.overdue for v in world.system["risk_model"].settings]
    assert marked[:4] == [False, False, True, False], "none, version 1, overdue, the next one"


@pytest.mark.parametrize("kind", ["stopped_job", "late_job"])
def test_it_is_overdue_from_when_the_next_version_would_have_served(kind: str):
    """In the twin that is 40 min after it was due: 30 for the training, 10 for the push."""
    slow = SCHOOL.replace(
        "duration: 0s}", "duration: 30min}\n  rollout: {kind: deployer, takes: 10min}"
    )
    fault = {"kind": kind, "at": "6h", "until": "18h", "component": "nightly"}
    fault |= {"by": "5h"} if kind == "late_job" else {}
    served = World(loaded(slow)).system["risk_model"].history
    risk = World(loaded(slow, faults=[fault])).system["risk_model"]
    overdue = [time for time, k in risk.history if risk.settings[k].overdue]
    assert overdue == [served[1][0]] == [12 * HOUR + 40 * 60]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("sampling_bias", {"only": "age > 60", "share": 0}),
        ("label_leakage", {"column": "temperature", "becomes": "infected", "share": 0}),
        ("wrong_source", {}),
    ],
)
def test_of_no_strength_it_is_the_twin(kind: str, fields: dict[str, Any]):
    world = broken(kind, **fields)
    assert world.column("risk_model.score").tobytes() == TWIN.column("risk_model.score").tobytes()
    assert not any(v.touched for v in world.system.registry.versions("risk_model"))


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("sampling_bias", {"only": "agee > 60"}, r"\.only: .*did you mean 'age'"),
        ("sampling_bias", {"only": "age > 60", "component": "nigthly"}, "did you mean 'nightly'"),
        ("label_leakage", {"column": "age", "becomes": "1"}, "no input 'age' of the model"),
        ("stale_training_code", {}, "needs learner, parameters or leaves_out"),
        ("stale_training_code", {"leaves_out": ["temprature"]}, "did you mean 'temperature'"),
        ("stale_training_code", {"parameters": {"c": 1}}, "no hyperparameter 'c'"),
    ],
)
def test_refuses(kind: str, fields: dict[str, Any], message: str):
    with pytest.raises(ScenarioError, match=message):
        broken(kind, **fields)


def test_a_gate_on_a_slice_sees_what_the_whole_hides():
    """Without old people in training the slice has no rows, and the version doesn't pass."""
    gated = SCHOOL.replace(
        "duration: 0s}", "duration: 0s, gate: auc_old > 0.6, slices: {old: age > 60}}"
    )
    fault = {"kind": "sampling_bias", "at": "6h", "component": "nightly", "only": "age > 60"}
    world = World(loaded(gated, faults=[fault]))
    assert World(loaded(gated)).system.registry.version("risk_model", 2).passed
    assert not version(world).passed
    assert version(world).quality["auc"] > 0.6
    assert world.system["risk_model"].current.overdue
