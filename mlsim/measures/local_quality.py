"""Local quality beside global outcome: how well each model does its own job, and the whole does."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mlsim.measures.findings import Findings
from mlsim.measures.headline import headline

LATENCY = "latency"
"""Mean time from the first attempt of a request to its end, in seconds."""


def local_and_global(models: Sequence[str], findings: Findings) -> dict[str, float]:
    """The headline measures of a run, its mean `latency`, and `quality.<model>` of some models.

    Quality is the area under the ROC curve of the model's scores against what it is there to find
    out, over the requests that a run keeps; of a channel it is (sensitivity + specificity) / 2. NaN
    where the scores meet only one of the two.
    """
    requests = findings.run.tables["requests"].frame()
    found = headline(findings)
    found[LATENCY] = float((requests["end_s"] - requests["arrival_s"]).mean())
    for model in models:
        label = next(iter(findings.scenario.system[model].labels()))
        found[f"quality.{model}"] = _quality(requests[f"{model}.score"], requests[label])
    return found


def _quality(score: "pd.Series[float]", truth: "pd.Series[float]") -> float:
    # Here, since it takes a second and most of what imports this measures no quality.
    from sklearn.metrics import roc_auc_score

    there = score.notna() & truth.notna()
    known = truth[there] > 0.5
    if known.nunique() < 2:
        return float("nan")
    return float(roc_auc_score(np.asarray(known), np.asarray(score[there])))
