"""Fitting and scoring: real scikit-learn estimators, in numbered versions.

A score must not depend on which rows are scored together, and matrix products give other bits for
other numbers of rows. So logistic regressions, which most models are, are added up column by column
in a fixed order, and all others score tiles of one size.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from mlsim.engine import draws
from mlsim.engine.columns import Column
from mlsim.system.classifiers import classifier_of

Matrix = NDArray[np.float64]

TILE = 4096
"""Rows that a classifier scores at once; the last tile is filled up."""


@dataclass(frozen=True)
class Estimator:
    """A fitted classifier together with the means that stand in for missing inputs.

    means, scales: float64[k], of the inputs in training. classifier: fitted on standardised inputs.
    """

    means: Matrix
    scales: Matrix
    classifier: Any

    def probability(self, inputs: Sequence[Column]) -> NDArray[np.float64]:
        """P(true) of each row, shape (n,)."""
        standardised = [
            (np.where(np.isnan(x), mean, x) - mean) / scale
            for x, mean, scale in zip(inputs, self.means, self.scales, strict=True)
        ]
        if type(self.classifier).__name__ in ("LogisticRegression", "LogisticRegressionCV"):
            logit = np.full(standardised[0].shape, self.classifier.intercept_[0])
            for weight, x in zip(self.classifier.coef_[0], standardised, strict=True):
                logit = logit + weight * x
            return 1.0 / (1.0 + draws.exp_of(-logit))
        return self._in_tiles(np.column_stack(standardised))

    def _in_tiles(self, rows: Matrix) -> NDArray[np.float64]:
        n = len(rows)
        scores = np.empty(n)
        with _threads_of(type(self.classifier).__name__).limit(limits=1):
            for first in range(0, n, TILE):
                tile = np.zeros((TILE, rows.shape[1]))
                last = min(first + TILE, n)
                tile[: last - first] = rows[first:last]
                scores[first:last] = self.classifier.predict_proba(tile)[: last - first, 1]
        return scores


@dataclass(frozen=True)
class Trial:
    """A version that is tried out beside the one that serves: on a share of the people."""

    version: "ModelVersion"
    share: float
    stream: np.uint64

    def serves(self, people: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whose requests the version on trial answers, bool[n]."""
        return draws.uniform(self.stream, people) < self.share


@dataclass(frozen=True)
class ModelVersion:
    """One version of a model, with its lineage, as the registry keeps it.

    number: 0 is the absence of a model. trained_at, oldest_row: seconds since day 0.
    reads: the places of the inputs that it uses; all if empty. rows, positives: what it was fitted
    on; touched_rows: those of them in which a fault had its hand. quality: measures on the holdout.
    passed: whether it passed its gate. spoilt: it was not made as it should be. overdue: it serves
    although a newer version should have taken its place. trial: another version beside it.
    """

    number: int
    estimator: Estimator | None
    reads: tuple[int, ...] = ()
    trained_at: float = np.nan
    rows: int = 0
    positives: int = 0
    oldest_row: float = np.nan
    touched_rows: int = 0
    quality: Mapping[str, float] = field(default_factory=dict)
    passed: bool = False
    spoilt: bool = False
    overdue: bool = False
    trial: Trial | None = None

    @property
    def touched(self) -> bool:
        """Whether a fault made it, or keeps it, what it is."""
        return self.overdue or self.spoilt or self.touched_rows > 0

    @property
    def can_score(self) -> bool:
        """Whether it gives scores at all."""
        return self.estimator is not None

    def scaled_as(self, other: "ModelVersion") -> "ModelVersion":
        """It with the constants of another version that uses the same inputs; else as it is."""
        own, old = self.estimator, other.estimator
        if own is None or old is None or self.reads != other.reads:
            return self
        mixed = replace(own, means=old.means, scales=old.scales)
        return replace(self, estimator=mixed, spoilt=True)

    def score(self, inputs: Sequence[Column]) -> NDArray[np.float64]:
        """The score of each row, shape (n,); missing (NaN) where there is no model yet."""
        if self.estimator is None:
            return np.full(len(inputs[0]), np.nan)
        used = [inputs[k] for k in self.reads] if self.reads else inputs
        return self.estimator.probability([np.asarray(x, dtype=float) for x in used])


UNTRAINED = ModelVersion(0, None)


def fit(
    learner: str, parameters: Mapping[str, Any], inputs: Sequence[Column], labels: Column, seed: int
) -> Estimator | None:
    """Fit a classifier on rows in columns; None if the labels are all alike.

    inputs: k arrays of n. labels: bool[n]. seed: for estimators that draw random numbers.
    """
    truth = np.asarray(labels, dtype=bool)
    if truth.all() or not truth.any():
        return None
    features = np.column_stack([np.asarray(x, dtype=float) for x in inputs])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # what is missing in all rows counts as 0
        means = np.nan_to_num(np.nanmean(features, axis=0))
    features = np.where(np.isnan(features), means, features)
    scales = features.std(axis=0)
    scales[scales == 0] = 1.0
    classifier = new_classifier(learner, parameters, seed)
    with _threads_of(type(classifier).__name__).limit(limits=1):  # two threads give other bits
        classifier.fit((features - means) / scales, truth)
    return Estimator(means, scales, classifier)


@cache
def _threads_of(kind: str) -> ThreadpoolController:
    """What limits the threads of all that a kind of classifier has loaded: looked for only once."""
    return ThreadpoolController()


def new_classifier(learner: str, parameters: Mapping[str, Any], seed: int) -> Any:
    """An unfitted estimator with its hyperparameters; `random_state` is the run's if it has one."""
    classifier = classifier_of(learner)(**parameters)
    if "random_state" in classifier.get_params() and "random_state" not in parameters:
        classifier.set_params(random_state=seed % 2**32)
    return classifier
