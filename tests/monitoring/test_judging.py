import numpy as np
import pytest

from mlsim.errors import ScenarioError
from mlsim.monitoring.judging import judge
from mlsim.monitoring.rules import read_rules
from mlsim.telemetry.store import SeriesStore


@pytest.fixture
def rules(tmp_path):
    def of(text):
        path = tmp_path / "a.rules.yml"
        path.write_text("groups:\n" + text)
        return read_rules([path])

    return of


@pytest.fixture
def store():
    """Replica 1 is down from 10 min to 20 min; history begins an hour before day 0."""
    times = np.arange(-3600.0, 3601.0, 30.0)
    store = SeriesStore(times)
    for replica in "01":
        down = (times >= 600) & (times < 1200) & (replica == "1")
        store.add("up", {"component": "gateway", "replica": replica}, np.where(down, 0, 1))
    return store


def test_an_alert_from_pending_to_resolved(rules, store):
    alerts = judge(
        rules("""
  - name: ops
    rules:
      - alert: InstanceDown
        expr: up == 0
        for: 2m
        labels: {severity: page, team: ops}
        annotations: {summary: "{{ $labels.replica }} is {{ $value }}"}
"""),
        store,
        start=0,
        end=3600,
        interval=60,
    )
    (row,) = alerts.to_dict("records")
    assert row == {
        "rule": "InstanceDown",
        "group": "ops",
        "severity": "page",
        "labels": '{component="gateway",replica="1",team="ops"}',
        "pending_s": 600.0,
        "firing_s": 720.0,
        "resolved_s": 1200.0,
        "value": 0.0,
        "summary": "1 is 0",
    }


def test_what_has_not_ended_at_the_horizon_is_not_resolved(rules, store):
    down = rules("""
  - {name: ops, rules: [{alert: InstanceDown, expr: up == 0}]}
""")
    (row,) = judge(down, store, start=0, end=900, interval=60).to_dict("records")
    assert row["firing_s"] == 600
    assert np.isnan(row["resolved_s"])


def test_no_alert_gives_an_empty_table_with_its_columns(rules, store):
    quiet = rules("  - {name: ops, rules: [{alert: Down, expr: up < 0}]}\n")
    alerts = judge(quiet, store, start=0, end=3600, interval=60)
    assert alerts.empty
    assert alerts["firing_s"].dtype == float


def test_a_group_has_an_interval_of_its_own(rules, store):
    slow = rules("""
  - {name: ops, interval: 7m, rules: [{alert: InstanceDown, expr: up == 0}]}
""")
    (row,) = judge(slow, store, start=0, end=3600, interval=60).to_dict("records")
    assert (row["firing_s"], row["resolved_s"]) == (840, 1260)


def test_what_a_rule_records_ends_with_its_condition(rules, store):
    """The series of the recording rule has no value from 20 min on, in spite of the lookback."""
    chain = rules("""
  - name: ops
    rules:
      - {record: "down:count", expr: "count by (component) (up == 0)", labels: {tier: front}}
      - {alert: Recorded, expr: "down:count{tier='front'} >= 1"}
      - {alert: Longer, expr: "sum_over_time(down:count[5m]) >= 3"}
""")
    recorded, longer = judge(chain, store, start=0, end=3600, interval=60).to_dict("records")
    assert (recorded["firing_s"], recorded["resolved_s"]) == (600, 1200)
    # Three of the last five minutes: from the third on, until only two are left in the range.
    assert (longer["firing_s"], longer["resolved_s"]) == (720, 1320)


def test_an_ambiguous_expression_is_told_with_its_line(rules, store):
    with pytest.raises(ScenarioError, match=r"a\.rules\.yml:2: Bad: found duplicate series"):
        judge(
            rules("  - {name: ops, rules: [{alert: Bad, expr: up / on (component) up}]}\n"),
            store,
            start=0,
            end=3600,
            interval=60,
        )


def test_alerts_that_would_share_their_labels_are_refused(rules, store):
    with pytest.raises(ScenarioError, match="same labelset"):
        judge(
            rules("  - {name: o, rules: [{alert: B, expr: up, labels: {replica: x}}]}\n"),
            store,
            start=0,
            end=3600,
            interval=60,
        )
