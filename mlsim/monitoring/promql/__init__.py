"""PromQL over the series of a run, evaluated for all steps at once with NumPy.

The semantics are those of Prometheus 3: ranges and lookback are open on the left.
"""

from mlsim.monitoring.promql.errors import PromqlError
from mlsim.monitoring.promql.evaluate import evaluate
from mlsim.monitoring.promql.parse import metrics_read, parse, reach, selectors
from mlsim.monitoring.promql.selectors import Source
from mlsim.monitoring.promql.vector import Vector

__all__ = [
    "PromqlError",
    "Source",
    "Vector",
    "evaluate",
    "metrics_read",
    "parse",
    "reach",
    "selectors",
]
