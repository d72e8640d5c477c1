"""Our own test scripts and, where they are at hand, Prometheus's own, in its notation."""

from collections import Counter
from pathlib import Path

import pytest

from mlsim.monitoring.promql import PromqlError, parse, selectors
from mlsim.monitoring.promql.selectors import matchers_of
from tests.monitoring.promqltest import Evaluation, evaluations

OWN = sorted((Path(__file__).parent / "scripts").glob("*.test"))
PROMETHEUS = Path(__file__).parents[3] / "shared" / "promqltest"
"""Prometheus's own scripts (Apache-2.0) lie beside the project and are not a part of it."""

NATIVE = "native histograms"
NOT_PYTHON = "cannot read the regular expression"
FUNCTIONS = """absent_over_time acos acosh asin asinh atan atanh changes cos cosh day_of_month
day_of_week day_of_year days_in_month deg delta deriv double_exponential_smoothing end
first_over_time hour idelta irate label_join label_replace mad_over_time max_of min_of minute month
pi predict_linear rad range resets sin sinh sort sort_by_label sort_by_label_desc sort_desc start
step tan tanh timestamp ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time
ts_of_min_over_time year"""
PASSED_OVER = {
    NATIVE,
    NOT_PYTHON,
    "the @ modifier is not supported",
    "subqueries are not supported",
    "operator 'atan2' is not supported",
    "must be a vector or a scalar (got a range or a string)",
    *(
        f"aggregation '{name}' is not supported"
        for name in ("topk", "bottomk", "quantile", "count_values")
    ),
    *(f"function '{name}' is not supported" for name in FUNCTIONS.split()),
}
"""Why evaluations of Prometheus's scripts are passed over; each reason must still be needed."""


@pytest.mark.parametrize("script", OWN, ids=lambda path: path.stem)
def test_own_script(script):
    seen = 0
    for evaluation in evaluations(script.read_text()):
        assert outcome(evaluation) == [], f"{script.name}:{evaluation.line}"
        seen += 1
    assert seen > 5


@pytest.mark.skipif(
    not PROMETHEUS.is_dir(), reason="Prometheus's scripts are not beside the project"
)
def test_prometheus_own_scripts():
    """Every evaluation that the supported part of PromQL covers gives what Prometheus gives."""
    counts, reasons, wrong = Counter(), set(), []
    for script in sorted(PROMETHEUS.glob("*.test")):
        for evaluation in evaluations(script.read_text()):
            why = reasons_to_pass_over(evaluation)
            reasons |= why
            if not why and (differences := outcome(evaluation)):
                wrong.append(
                    f"{script.name}:{evaluation.line} {evaluation.expression}: {differences}"
                )
            counts["passed over" if why else "run"] += 1
    assert not wrong, "\n".join(wrong)
    assert reasons == PASSED_OVER
    assert counts["run"] >= 458


def outcome(evaluation: Evaluation) -> list[str]:
    """What is wrong with the result of an evaluation; nothing, if it fails as it should."""
    try:
        differences = evaluation.differences()
    except PromqlError as error:
        return [] if evaluation.fails else [str(error)]
    return ["should have failed"] if evaluation.fails else differences


def reasons_to_pass_over(evaluation: Evaluation) -> set[str]:
    try:
        tree = parse(evaluation.expression)
    except PromqlError as error:
        return set() if evaluation.fails else set(map(_reason, error.message.split("; ")))
    read = [matchers_of(selector) for selector in selectors(tree)]
    if any("{{" in line for line in evaluation.expected):
        return {NATIVE}
    return {NATIVE} if any(map(evaluation.loaded.touches_native, read)) else set()


def _reason(message: str) -> str:
    return NOT_PYTHON if message.startswith(NOT_PYTHON) else message
