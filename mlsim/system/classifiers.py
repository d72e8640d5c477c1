"""The classifiers of scikit-learn, by the names that scenarios use.

Their names stand here, so that a scenario is checked without importing all of scikit-learn, which
takes seconds. A test compares them with what is installed.
"""

import inspect
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from mlsim.errors import nearest
from mlsim.scenario.kinds import Mistake

_BY_MODULE: Mapping[str, str] = {
    "calibration": "CalibratedClassifierCV",
    "discriminant_analysis": "LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis",
    "dummy": "DummyClassifier",
    "ensemble": "AdaBoostClassifier BaggingClassifier ExtraTreesClassifier "
    "GradientBoostingClassifier HistGradientBoostingClassifier RandomForestClassifier",
    "gaussian_process": "GaussianProcessClassifier",
    "linear_model": "LogisticRegression LogisticRegressionCV PassiveAggressiveClassifier "
    "Perceptron RidgeClassifier RidgeClassifierCV SGDClassifier",
    "naive_bayes": "BernoulliNB CategoricalNB ComplementNB GaussianNB MultinomialNB",
    "neighbors": "KNeighborsClassifier NearestCentroid RadiusNeighborsClassifier",
    "neural_network": "MLPClassifier",
    "semi_supervised": "LabelPropagation LabelSpreading SelfTrainingClassifier",
    "svm": "LinearSVC NuSVC SVC",
    "tree": "DecisionTreeClassifier ExtraTreeClassifier",
}


def _snake(name: str) -> str:
    """As Python would call it.

    >>> _snake("MLPClassifier"), _snake("KNeighborsClassifier"), _snake("GaussianNB")
    ('mlp_classifier', 'k_neighbors_classifier', 'gaussian_nb')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


CLASSIFIERS: Mapping[str, tuple[str, str]] = {
    _snake(name): (f"sklearn.{module}", name)
    for module, names in _BY_MODULE.items()
    for name in names.split()
}
"""Module and class by name; without those that need another estimator inside."""

WITHOUT_PROBABILITIES = frozenset(
    {
        "linear_svc",
        "passive_aggressive_classifier",
        "perceptron",
        "ridge_classifier",
        "ridge_classifier_cv",
    }
)
"""Those that give a class or a distance only."""

PROBABILITIES_IF = frozenset({"nu_svc", "self_training_classifier", "sgd_classifier", "svc"})
"""Those that give probabilities only with some of their hyperparameters."""


def classifier_of(learner: str) -> type:
    """The class of a classifier, from its own module of scikit-learn.

    >>> classifier_of("gaussian_nb").__name__
    'GaussianNB'
    """
    module, name = CLASSIFIERS[learner]
    kind: type = getattr(import_module(module), name)
    return kind


def unusable(learner: str, parameters: Mapping[str, Any]) -> Iterator[Mistake]:
    """What is wrong with the name of a classifier or with its hyperparameters."""
    if learner not in CLASSIFIERS:
        message = f"no classifier '{learner}' in scikit-learn that stands on its own"
        yield ("learner",), message, nearest(learner, CLASSIFIERS)
    elif learner in WITHOUT_PROBABILITIES:
        yield ("learner",), f"must give probabilities, and {learner} doesn't", ""
    elif parameters or learner in PROBABILITIES_IF:
        yield from _unfit_parameters(learner, parameters)


def _unfit_parameters(learner: str, parameters: Mapping[str, Any]) -> Iterator[Mistake]:
    kind = classifier_of(learner)
    accepted = inspect.signature(kind).parameters
    unknown = [name for name in parameters if name not in accepted]
    for name in unknown:
        message = f"{learner} has no hyperparameter '{name}'"
        yield ("parameters", name), message, nearest(name, accepted)
    if not unknown and not hasattr(kind(**parameters), "predict_proba"):
        yield ("learner",), "must give probabilities, and with these parameters it doesn't", ""
