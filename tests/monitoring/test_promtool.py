"""Our PromQL against the real Prometheus, on made-up series (Debian's promtool is a 2.x)."""

import numpy as np
import pytest

from mlsim.monitoring.promql import evaluate
from tests.monitoring import made_up, promtool

RANGES = ("1m", "95s", "5m", "15m")
OVER_TIME = ("sum", "avg", "min", "max", "count", "last", "stddev", "stdvar", "present")
EXPRESSIONS = [
    *(f"rate(requests_total[{r}])" for r in RANGES),
    *(f"increase(requests_total[{r}])" for r in RANGES),
    *(f"{name}_over_time(queue_length[{r}])" for name in OVER_TIME for r in ("1m", "10m")),
    "quantile_over_time(0.3, queue_length[7m])",
    "quantile_over_time(1, requests_total[2m])",
    "requests_total",
    "requests_total offset 2m",
    'requests_total{outcome=~"l.*", component!="phone"}',
    "rate(requests_total[5m] offset 3m)",
    "histogram_quantile(0.9, rate(wait_seconds_bucket[5m]))",
    "histogram_quantile(0.5, sum by (le) (rate(wait_seconds_bucket[1m])))",
    'histogram_quantile(0.2, sum without (component) (wait_seconds_bucket{le!="0.5"}))',
    "rate(wait_seconds_sum[5m]) / rate(wait_seconds_count[5m])",
    *(f"{name}(queue_length)" for name in ("sum", "avg", "min", "max", "count", "stddev")),
    "sum by (component) (rate(requests_total[2m]))",
    "max without (replica) (queue_length)",
    "sum by (component, nothing) (queue_length > 0)",
    "queue_length > 3",
    "queue_length > bool 3",
    "3 < queue_length",
    "-queue_length ^ 2 % 7",
    "queue_length / ignoring(replica) group_left workers",
    "workers * on(component) group_right queue_length",
    "queue_length >= on(component) group_left() workers",
    'requests_total{outcome="lost"} / ignoring(outcome) requests_total{outcome="served"} < 0.5',
    "sum by (component) (queue_length) + workers",
    "queue_length > 0 and on(component) workers > 2",
    "queue_length > 5 or workers > 3",
    "queue_length unless on(component) workers > 2",
    "absent(queue_length > 25)",
    'absent(nothing{component="phone"})',
    "vector(time()) > 1000",
    "scalar(max(workers)) + sum(workers)",
    "abs(queue_length) > clamp(ceil(queue_length), -2, 2)",
    "round(queue_length, 0.5)",
]


@promtool.needs_promtool
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_agrees_with_prometheus(seed, tmp_path):
    store = made_up.store(seed)
    random = np.random.default_rng(seed)
    # At and beside the scrapes, so that both kinds of ends of a range are met.
    times = np.sort(np.append(random.integers(0, 3600, 6), random.integers(0, 241, 6) * 15))
    questions = [(expression, int(t)) for expression in EXPRESSIONS for t in times]
    answers = promtool.samples(store, questions, tmp_path)
    compared = 0
    for place, expression in enumerate(EXPRESSIONS):
        found = evaluate(expression, store, times, prometheus=2)
        for step in range(times.size):
            wanted = answers[place * times.size + step]
            rows = np.flatnonzero(found.present[:, step])
            got = {found.labels[row]: found.values[row, step] for row in rows}
            assert got == pytest.approx(wanted, rel=1e-9, abs=1e-9, nan_ok=True), (
                f"{expression} at {times[step]}"
            )
            compared += len(wanted)
    assert compared > 2000
