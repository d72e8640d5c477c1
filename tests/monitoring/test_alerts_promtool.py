"""The states and annotations of our alerts against those of the real Prometheus."""

import numpy as np

from mlsim.monitoring.judging import judge
from mlsim.monitoring.promql.vector import drop
from mlsim.monitoring.rules import read_rules
from mlsim.telemetry.labels import series_text
from tests.monitoring import made_up, promtool

RULES = """
groups:
  - name: made_up
    rules:
      - record: component:queue_length:max
        expr: max by (component) (queue_length)
        labels: {team: ops}
      - alert: Immediate
        expr: component:queue_length:max > 12
        labels: {severity: page}
        annotations: {summary: "{{ $labels.component }} of {{ $labels.team }} at {{ $value }}"}
      - alert: Patient
        expr: queue_length > 1
        for: 2m
        labels: {who: "{{ $labels.component }}-{{ $labels.replica }}", replica: ""}
      - alert: Sticky
        expr: queue_length > 5
        for: 1m
        keep_firing_for: 3m
        annotations: {summary: "{{ $value }}"}
      - alert: Gone
        expr: absent(requests_total{component="phone", outcome="lost"})
        for: 3m
      - alert: Recorded
        expr: avg_over_time(component:queue_length:max[5m]) > 6 unless sum_over_time(up[1m]) > 0
        for: 90s
"""
NAMES = ("Immediate", "Patient", "Sticky", "Gone", "Recorded")


@promtool.needs_promtool
def test_the_same_alerts_fire_at_every_evaluation(tmp_path):
    path = tmp_path / "made_up.rules.yml"
    path.write_text(RULES)
    store = made_up.store(3)
    minutes = range(60)
    wanted = promtool.firing(store, path, [(n, 60 * m) for n in NAMES for m in minutes], 60)
    alerts = judge(read_rules([path]), store, 0, 3600, 60, prometheus=2)
    seen = 0
    for name in NAMES:
        for minute in minutes:
            found = _firing(alerts[alerts["rule"] == name], 60.0 * minute)
            expected = {
                series_text(drop(labels, ["alertname", "severity"]))
                for labels, _ in wanted[name, f"{minute}m"]
            }
            assert found == expected, f"{name} at minute {minute}"
            seen += len(found)
    assert seen > 100


@promtool.needs_promtool
def test_the_same_summary_is_written_when_an_alert_fires(tmp_path):
    path = tmp_path / "made_up.rules.yml"
    path.write_text(RULES)
    store = made_up.store(3)
    alerts = judge(read_rules([path]), store, 0, 3600, 60, prometheus=2)
    fired = alerts[alerts["rule"].isin(["Immediate", "Sticky"]) & alerts["firing_s"].notna()]
    questions = [(a.rule, int(a.firing_s)) for a in fired.itertuples()]
    wanted = promtool.firing(store, path, questions, 60)
    texts = {
        (name, time, dict(notes)["summary"])
        for (name, time), got in wanted.items()
        for _, notes in got
    }
    assert len(fired) > 10
    for alert in fired.itertuples():
        assert (alert.rule, f"{alert.firing_s / 60:.0f}m", alert.summary) in texts


def _firing(alerts, time: float) -> set[str]:
    """The labels of those alerts that are firing at an instant."""
    over = alerts["resolved_s"].fillna(np.inf)
    return set(alerts.loc[(alerts["firing_s"] <= time) & (time < over), "labels"])
