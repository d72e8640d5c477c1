"""Rules that can never see anything: what they select is no series that mlsim gives."""

from collections.abc import Iterable, Iterator, Sequence

from mlsim.errors import nearest
from mlsim.monitoring.promql import parse, selectors
from mlsim.monitoring.promql.selectors import matchers_of
from mlsim.monitoring.rules import Rule
from mlsim.scenario.spec import Scenario
from mlsim.system.settled import OUTCOMES
from mlsim.telemetry.labels import METRIC_NAME, Matcher
from mlsim.telemetry.recorder import VISIT_OUTCOMES
from mlsim.telemetry.store import parts_of_histogram

HISTOGRAMS = ("request_duration_seconds", "client_request_duration_seconds")
METRICS = frozenset(
    {
        *("requests_total", "queue_length", "workers_busy", "up"),
        *("client_requests_total", "client_attempts_total"),
        *("telemetry_rows_total", "rows_dropped_total", "labels_total"),
        *("cache_hits_total", "cache_misses_total"),
        *("model_version", "deployed_version", "model_age_seconds", "store_age_seconds"),
        *("data_check", "data_check_rows"),
        *(part for name in HISTOGRAMS for part in parts_of_histogram(name)),
    }
)
"""All that docs/metrics.md lists."""

ALL_OUTCOMES = frozenset({*VISIT_OUTCOMES, *OUTCOMES})
"""What can become of a visit, or of a request."""


def blind_spots(rules: Sequence[Rule], scenario: Scenario) -> Iterator[str]:
    """A sentence for each rule that looks at a metric, component or outcome that there isn't."""
    known = METRICS | {rule.name for rule in rules if not rule.alert}
    for rule in rules:
        for selector in selectors(parse(rule.expr)):
            for matcher in matchers_of(selector):
                if matcher.operator == "=" and (missing := _missing(matcher, known, scenario)):
                    yield f"{rule.name} looks at nothing: {missing}"


def _missing(matcher: Matcher, metrics: frozenset[str], scenario: Scenario) -> str:
    """What there isn't, and what is near; empty if there is."""
    if matcher.label == METRIC_NAME and matcher.value not in metrics:
        return f"no metric is called '{matcher.value}'{_hint(matcher.value, metrics)}"
    places = ("component", "client")
    if matcher.label in places and matcher.value and matcher.value not in scenario.system:
        return f"no component is called '{matcher.value}'{_hint(matcher.value, scenario.system)}"
    if matcher.label == "outcome" and matcher.value and matcher.value not in ALL_OUTCOMES:
        return f"no outcome is called '{matcher.value}'{_hint(matcher.value, ALL_OUTCOMES)}"
    return ""


def _hint(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f" (did you mean '{near}'?)" if near else ""
