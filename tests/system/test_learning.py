"""Models are what scikit-learn would fit on the same rows, and a score is its row's alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from mlsim.engine import draws
from mlsim.errors import ScenarioError
from mlsim.system.learning import Estimator, ModelVersion, fit
from mlsim.system.training import FIRST_HOLDOUT
from tests.worlds import CLINIC, World, loaded

LEARNERS = {
    "logistic_regression": (LogisticRegression, {"C": 0.5}),
    "random_forest_classifier": (RandomForestClassifier, {"n_estimators": 20, "max_depth": 4}),
    "mlp_classifier": (MLPClassifier, {"hidden_layer_sizes": 5, "max_iter": 30, "tol": 1.0}),
    "quadratic_discriminant_analysis": (QuadraticDiscriminantAnalysis, {}),
}
RANDOM = np.random.default_rng(0)
ROWS = 600
INPUTS = [RANDOM.normal(37, 1, ROWS), RANDOM.exponential(3, ROWS)]
LABELS = INPUTS[0] + INPUTS[1] + RANDOM.normal(0, 1, ROWS) > 41


def fitted(learner: str) -> Estimator:
    estimator = fit(learner, LEARNERS[learner][1], INPUTS, LABELS, seed=7)
    assert estimator is not None
    return estimator


@pytest.mark.parametrize("learner", LEARNERS)
def test_equals_scikit_learn_called_directly(learner: str):
    kind, parameters = LEARNERS[learner]
    standardised = [(x - x.mean()) / x.std() for x in INPUTS]
    random = {"random_state": 7} if "random_state" in kind().get_params() else {}
    direct = kind(**parameters, **random).fit(np.column_stack(standardised), LABELS)
    expected = direct.predict_proba(np.column_stack(standardised))[:, 1]
    np.testing.assert_allclose(fitted(learner).probability(INPUTS), expected, rtol=1e-9)


@pytest.mark.parametrize("learner", LEARNERS)
@given(cuts=st.sets(st.integers(1, ROWS - 1), max_size=5))
@settings(max_examples=15, deadline=None)
def test_a_score_does_not_depend_on_its_block(learner: str, cuts: set[int]):
    estimator = fitted(learner)
    whole = estimator.probability(INPUTS)
    for rows in np.split(np.arange(ROWS), sorted(cuts)):
        part = estimator.probability([x[rows] for x in INPUTS])
        assert part.tobytes() == whole[rows].tobytes()


def test_the_same_seed_fits_the_same_forest_and_another_seed_another():
    first, again = (fitted("random_forest_classifier").probability(INPUTS) for _ in range(2))
    assert first.tobytes() == again.tobytes()
    other = fit("random_forest_classifier", {"n_estimators": 20}, INPUTS, LABELS, seed=8)
    assert np.any(other.probability(INPUTS) != first)


def test_a_missing_input_counts_as_its_mean_in_training():
    estimator = fitted("logistic_regression")
    missing = estimator.probability([np.array([np.nan]), np.array([2.0])])
    mean = estimator.probability([INPUTS[0].mean(keepdims=True), np.array([2.0])])
    np.testing.assert_allclose(missing, mean)


@pytest.mark.parametrize("labels", [np.zeros(3, bool), np.ones(3, bool)])
def test_labels_that_are_all_alike_teach_nothing(labels: np.ndarray):
    assert fit("logistic_regression", {}, [np.arange(3.0)], labels, 1) is None


def test_without_a_model_there_is_no_score():
    assert np.isnan(ModelVersion(0, None).score([np.ones(2)])).all()


def test_the_first_version_of_a_run_is_fitted_on_what_its_history_collected():
    """Scores of the run equal those of scikit-learn, fitted by hand on the rows collected before
    day 0 that the registry says it was fitted on.
    """
    world = World(loaded(CLINIC), faults=[])
    version = world.system["cough_model"].current
    history = [b for b in world.collected if b.log.end[0] < 0]
    x = np.column_stack(
        [np.concatenate([b.at("cough_model", c) for b in history]) for c in ("cough_rate", "age")]
    )
    y = np.concatenate([b.truth["infected"] for b in history]) > 0
    ids = np.concatenate([b.log.request for b in history])
    used = kept_for_fitting(world, ids)
    assert (version.rows, version.positives) == (used.sum(), y[used].sum())
    mean, scale = x[used].mean(axis=0), x[used].std(axis=0)
    direct = LogisticRegression(random_state=3).fit((x[used] - mean) / scale, y[used])

    live = world.log.end > 0
    inputs = np.column_stack([world.read("cough_model", c) for c in ("cough_rate", "age")])[live]
    scores = world.read("risk_model", "cough_model.score")[live]
    answered = ~np.isnan(scores)
    assert answered.mean() > 0.9
    expected = direct.predict_proba((inputs[answered] - mean) / scale)[:, 1]
    np.testing.assert_allclose(scores[answered], expected, rtol=1e-6)


def kept_for_fitting(world: World, ids: np.ndarray) -> np.ndarray:
    """The rows that the keyed split doesn't hold back for validation."""
    stream = draws.stream(world.system.seed, "training/holdout")
    return draws.uniform(stream, ids) >= FIRST_HOLDOUT


def test_models_are_fitted_after_those_whose_scores_they_read():
    """The chained model gets real scores: with them it is better than without."""
    world = World(loaded(CLINIC), faults=[])
    alone = World(
        loaded(CLINIC.replace("inputs: [cough_model.score, temperature]", "inputs: [temperature]")),
        faults=[],
    )
    auc = [w.system["risk_model"].current.quality["auc"] for w in (world, alone)]
    assert auc[0] > auc[1] + 0.01
    assert auc[0] > 0.95


def test_another_learner_by_name():
    world = World(
        loaded(
            CLINIC,
            system__cough_model__learner="random_forest_classifier",
            system__cough_model__parameters={"n_estimators": 5, "max_depth": 3},
        ),
        faults=[],
    )
    estimator = world.system["cough_model"].current.estimator
    assert isinstance(estimator.classifier, RandomForestClassifier)
    assert estimator.classifier.n_estimators == 5
    scores = world.read("risk_model", "cough_model.score")
    assert np.isnan(scores[world.log.end < 0]).all()
    assert ((scores[world.log.sent > 0] >= 0) | np.isnan(scores[world.log.sent > 0])).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"learner": "logistic_regresion"}, "did you mean 'logistic_regression'"),
        ({"learner": "perceptron"}, "must give probabilities"),
        ({"parameters": {"depth": 3}}, "logistic_regression has no hyperparameter 'depth'"),
        ({"predicts": "infectd"}, "did you mean 'infected'"),
        ({"inputs": ["infected"]}, "must not be infected"),
    ],
)
def test_refuses(change: dict[str, object], message: str):
    [(key, value)] = change.items()
    with pytest.raises(ScenarioError, match=message):
        loaded(CLINIC, **{f"system__cough_model__{key}": value})


def test_a_model_needs_a_history():
    with pytest.raises(ScenarioError, match="needs a history"):
        loaded(CLINIC, history="0s")
