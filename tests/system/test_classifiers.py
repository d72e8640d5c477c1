"""The names of classifiers are those that scikit-learn has."""

import inspect

import pytest
from sklearn.utils import all_estimators

from mlsim.system.classifiers import (
    CLASSIFIERS,
    PROBABILITIES_IF,
    WITHOUT_PROBABILITIES,
    classifier_of,
    unusable,
)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_every_classifier_that_stands_on_its_own_is_known_with_what_it_gives():
    for name, kind in all_estimators("classifier"):
        needs = [p for p in inspect.signature(kind).parameters.values() if p.default is p.empty]
        known = [learner for learner, (_, its) in CLASSIFIERS.items() if its == name]
        if needs:
            assert known == []
            continue
        [learner] = known
        assert classifier_of(learner) is kind
        assert (learner in WITHOUT_PROBABILITIES) == (not hasattr(kind, "predict_proba"))
        sometimes = hasattr(kind, "predict_proba") and not hasattr(kind(), "predict_proba")
        assert (learner in PROBABILITIES_IF) == sometimes


def test_no_classifier_is_known_that_is_not_there():
    installed = {name for name, _ in all_estimators("classifier")}
    assert {name for _, name in CLASSIFIERS.values()} <= installed


@pytest.mark.parametrize(
    ("learner", "parameters", "mistake"),
    [
        ("logistic_regression", {}, None),
        ("logistic_regression", {"C": 0.1}, None),
        ("sgd_classifier", {"loss": "log_loss"}, None),
        ("logistic_regresion", {}, (("learner",), "no classifier", "logistic_regression")),
        ("ridge_classifier", {}, (("learner",), "must give probabilities", "")),
        ("sgd_classifier", {}, (("learner",), "must give probabilities", "")),
        ("gaussian_nb", {"prior": 1}, (("parameters", "prior"), "gaussian_nb has no", "priors")),
    ],
)
def test_what_cannot_be_used_is_told(learner, parameters, mistake):
    found = list(unusable(learner, parameters))
    if mistake is None:
        assert found == []
    else:
        [(place, said, near)] = found
        assert (place, near) == (mistake[0], mistake[2])
        assert said.startswith(mistake[1])
