"""How good scores are, measured on rows whose labels are known."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Labels = NDArray[np.bool_]

THRESHOLD = 0.5


def _auc(scores: Scores, labels: Labels) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels, scores)) if labels.any() and not labels.all() else np.nan


def _accuracy(scores: Scores, labels: Labels) -> float:
    return float(np.mean((scores > THRESHOLD) == labels))


def _precision(scores: Scores, labels: Labels) -> float:
    positive = scores > THRESHOLD
    return float(labels[positive].mean()) if positive.any() else np.nan


def _recall(scores: Scores, labels: Labels) -> float:
    return float((scores[labels] > THRESHOLD).mean()) if labels.any() else np.nan


def _brier(scores: Scores, labels: Labels) -> float:
    return float(np.mean((scores - labels) ** 2))


MEASURES: Mapping[str, Callable[[Scores, Labels], float]] = {
    "auc": _auc,
    "accuracy": _accuracy,
    "precision": _precision,
    "recall": _recall,
    "brier": _brier,
}
"""Area under the ROC curve; shares at the threshold 0.5; mean squared error of the probability."""


def measure(scores: Scores, labels: Labels) -> dict[str, float]:
    """All measures of n scores against their labels, and `rows`; NaN where one is undefined."""
    if labels.size == 0:
        return {**dict.fromkeys(MEASURES, np.nan), "rows": 0.0}
    return {**{n: f(scores, labels) for n, f in MEASURES.items()}, "rows": float(labels.size)}
