"""quality: how good a model's scores have turned out to be, once labels are known."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from mlsim.monitoring.checks.base import Check, Counts, ReceivedRows, Values, check_kind
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Duration, Name, Probability
from mlsim.system.model import Model, no_model

SCORE_BINS = 51


@check_kind("quality")
class Quality(Check):
    """A measure of a model's quality on the rows whose labels became known in the window.

    Labels come late and for some rows only; if those are a biased choice, so is the measure. `auc`
    is read off a histogram of 51 bins, the others are exact for the threshold.
    """

    width = 2 * SCORE_BINS

    example: ClassVar[str] = """
        kind: quality
        model: risk_model
        measure: recall
        threshold: 0.3
        every: 6h
        window: 2d
    """

    kind: Literal["quality"] = "quality"
    model: Name
    """The model whose score is judged."""
    measure: Literal["auc", "accuracy", "precision", "recall"] = "auc"
    """What is measured; all but `auc` at the threshold."""
    threshold: Probability = 0.5
    """Scores above it count as true."""
    every: Duration = 6 * 3600.0
    """Time between two evaluations."""
    window: Duration = 2 * 86400.0
    """Time that an evaluation looks back; whole multiples of `every`, rounded up."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        if isinstance(scenario.system.get(self.model), Model):
            yield from super().problems(scenario, name)
        else:
            yield ("model",), *no_model(scenario, self.model)

    @property
    def about(self) -> str:
        return f"{self.model}.score"

    def columns(self) -> dict[str, str]:
        return {"model": self.about}

    def see(self, block: ReceivedRows, collector: str) -> tuple[Values, Values]:
        label = block.label_of(self.model)
        score = np.asarray(block.at(collector, self.about), dtype=float)
        truth = np.asarray(block.reported(label), dtype=float)
        judged = np.isfinite(score)
        return block.known_at(label)[judged], np.column_stack([score, truth])[judged]

    def bins(self, values: Values, reference: Any) -> NDArray[np.int64]:
        score_bin = np.searchsorted(self._edges(), values[:, 0], side="left")
        return 2 * score_bin + values[:, 1].astype(np.int64)

    def statistic(self, counts: Counts, reference: Any) -> Values:
        by_bin = counts.reshape(len(counts), SCORE_BINS, 2).astype(float)
        above = int(np.searchsorted(self._edges(), self.threshold, side="left")) + 1
        return MEASURES[self.measure](by_bin[:, :, 0], by_bin[:, :, 1], above)

    def _edges(self) -> Values:
        """Upper ends of all bins but the last; the threshold is one of them."""
        return np.sort(np.append(np.arange(1, SCORE_BINS - 1) / (SCORE_BINS - 1), self.threshold))


def _share(part: Values, whole: Values) -> Values:
    """NaN where the whole is nothing."""
    share = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=share, where=whole > 0)
    return share


def _auc(false: Values, true: Values, _: int) -> Values:
    """P(a true row scores higher than a false one); ties within a bin count half."""
    lower_false = np.cumsum(false, axis=1) - false / 2
    return _share((true * lower_false).sum(axis=1), true.sum(axis=1) * false.sum(axis=1))


def _accuracy(false: Values, true: Values, above: int) -> Values:
    right = false[:, :above].sum(axis=1) + true[:, above:].sum(axis=1)
    return _share(right, (false + true).sum(axis=1))


def _precision(false: Values, true: Values, above: int) -> Values:
    return _share(true[:, above:].sum(axis=1), (false + true)[:, above:].sum(axis=1))


def _recall(false: Values, true: Values, above: int) -> Values:
    return _share(true[:, above:].sum(axis=1), true.sum(axis=1))


MEASURES: Mapping[str, Callable[[Values, Values, int], Values]] = {
    "auc": _auc,
    "accuracy": _accuracy,
    "precision": _precision,
    "recall": _recall,
}
