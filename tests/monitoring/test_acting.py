"""Rules that act: their time, what they may know, what they leave alone, and what is refused."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlsim import api
from mlsim.errors import ScenarioError
from mlsim.measures.record import Record
from mlsim.monitoring.judging import judge
from mlsim.monitoring.live import LiveRule
from mlsim.monitoring.rules import Rule
from mlsim.monitoring.spec import load_monitoring
from mlsim.studies.recording import Recording
from mlsim.studies.world import simulate
from tests.monitoring.made_up import INTERVAL, SAMPLES, store
from tests.worlds import CLINIC, HOUR

FILES = Path(__file__).parents[2] / "scenarios" / "monitoring"

LEARNING_CLINIC = CLINIC.replace(
    "  telemetry: {kind: collector}\n",
    """  telemetry: {kind: collector}
  pcr_results: {kind: feedback, reveals: infected, share: 0.6, delay: exponential(mean=5h)}
  nightly: {kind: trainer, model: risk_model, every: 9h, window: 1d, duration: 30min}
  rollout: {kind: deployer, takes: 10min, models: [risk_model]}
""",
)

MONITORING = """
scrape_interval: 1m
evaluation_interval: 10m
checks:
  temperature_in_range:
    {kind: range, column: temperature, min: 34, max: 43, every: 15min, window: 1h}
  risk_drift: {kind: drift, column: risk_model.score, reference: [0h, 6h], every: 1h, window: 6h}
  risk_recall: {kind: quality, model: risk_model, measure: recall, every: 1h, window: 3h}
rule_files: [acting.rules.yml]
"""

RULES = """
groups:
  - name: recorded
    interval: 5m
    rules:
      - {record: "rows:rate30m", expr: 'rate(telemetry_rows_total[30m])'}
      - {record: "rows:low", expr: 'rows:rate30m < 0.043'}
  - name: acting
    rules:
      - {alert: OutOfRange, expr: 'data_check{check="temperature_in_range"} > 0.05', for: 30m}
      - {alert: RecallDropped, expr: 'data_check{check="risk_recall"} < 0.85', for: 20m}
      - {alert: Drift, expr: 'data_check{kind="drift"} > 0.2', keep_firing_for: 2h}
      - {alert: NewModel, expr: 'model_version{component="risk_model"} == 3'}
      - {alert: TooOld, expr: 'model_age_seconds > 8 * 3600', for: 25m}
      - {alert: FewRows, expr: 'rows:low offset 7m', for: 10m}
      - alert: SlowRequests
        expr: |
          histogram_quantile(0.9, rate(request_duration_seconds_bucket{component="gateway"}[1h]))
            > 0.49
      - alert: Busy
        expr: workers_busy{component="gateway"} > 0 unless on (component) queue_length > 0
      - {alert: ManyServed, expr: 'requests_total{outcome="served"} > 15000 < 15400'}
  - name: slow
    interval: 1h
    rules:
      - {alert: Early, expr: 'data_check_rows > 0 and on () (vector(time()) < 4 * 3600)'}
      - {alert: NeverTrue, expr: '{__name__=~"data_.*"} > 1e9'}
"""


def action(alert: str) -> str:
    return f"  - {{alert: {alert}, call: rollback, component: rollout, model: risk_model}}\n"


def acting_on(*alerts: str) -> str:
    return MONITORING + "actions:\n" + "".join(map(action, alerts)) if alerts else MONITORING


@pytest.fixture
def write(tmp_path):
    """Write a scenario and its monitoring; gives the scenario's path."""

    def to(monitoring: str, scenario: str = LEARNING_CLINIC) -> Path:
        return written(tmp_path, monitoring, scenario)

    return to


def written(folder: Path, monitoring: str, scenario: str = LEARNING_CLINIC) -> Path:
    (folder / "acting.rules.yml").write_text(RULES)
    (folder / "acting.yml").write_text(monitoring)
    path = folder / "scenario.yaml"
    path.write_text(f"{scenario.rstrip()}\nmonitoring: acting.yml\n")
    return path


@cache
def world(folder: Path, *alerts: str, horizon: str = "2d") -> Record:
    """The world with the fault, under rules of which some act."""
    path = written(folder, acting_on(*alerts))
    scenario = api.load(path, {"horizon": horizon})
    faults = list(scenario.spec.faults)
    recording = Recording.of(scenario.spec, ())
    return simulate(scenario.spec, scenario.monitoring, 5, "all", faults, recording)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("acting")


def begins(alerts: pd.DataFrame, rule: str) -> list[float]:
    """When an alert began to fire while no other of the same rule did, from its episodes."""
    own = alerts[(alerts["rule"] == rule) & alerts["firing_s"].notna()]
    over = own["resolved_s"].fillna(np.inf)
    return sorted(
        {time for time in own["firing_s"] if not ((own["firing_s"] < time) & (over > time)).any()}
    )


ACTING = (
    *("OutOfRange", "RecallDropped", "Drift", "NewModel", "TooOld", "FewRows", "SlowRequests"),
    *("Busy", "ManyServed", "NeverTrue"),
)


@pytest.mark.parametrize("alert", ACTING)
def test_acts_exactly_when_its_alert_fires_as_judged_afterwards(folder, alert):
    """Checks, late labels, counters, histograms, gauges, recorded series, all at once."""
    record = world(folder, *ACTING)
    called = record.actions.loc[record.actions["alert"] == alert, "time_s"].tolist()
    assert called == [time for time in begins(record.alerts, alert) if time < 48 * HOUR]
    assert bool(called) == (alert != "NeverTrue")


def test_what_comes_later_changes_no_call(folder):
    """Labels that are revealed later, and a fault that begins later, are not known before."""
    whole, cut = world(folder, *ACTING), world(folder, *ACTING, horizon="20h")
    pd.testing.assert_frame_equal(
        whole.actions[whole.actions["time_s"] < 20 * HOUR].reset_index(drop=True), cut.actions
    )
    assert len(cut.actions) > 3


def test_looking_changes_nothing(folder):
    """A rule that looks all the time, at all there is, and never fires."""
    assert_same(world(folder), world(folder, "NeverTrue"))
    assert world(folder, "NeverTrue").actions.empty


def test_nothing_to_roll_back_to_changes_nothing(folder):
    """At first only version 1 has served: the call is told, and the run is the same."""
    record = world(folder, "Early")
    assert record.actions[["time_s", "from_version", "to_version"]].values.tolist() == [
        [HOUR, 1, 1]
    ]
    assert_same(world(folder), record)


def assert_same(one: Record, other: Record) -> None:
    pd.testing.assert_frame_equal(one.store.to_frame(), other.store.to_frame(), check_exact=True)
    pd.testing.assert_frame_equal(one.alerts, other.alerts, check_exact=True)
    pd.testing.assert_frame_equal(one.models, other.models, check_exact=True)
    assert one.components == other.components
    assert one.totals.keys() == other.totals.keys()
    for name, total in one.totals.items():
        assert total.tobytes() == other.totals[name].tobytes()


def test_the_version_before_serves_until_the_next_push(folder):
    """Version 3 begins to serve, and is rolled back at the next evaluation of the rule."""
    record = world(folder, "NewModel")
    [call] = record.actions.itertuples()
    assert (call.call, call.component, call.model) == ("rollback", "rollout", "risk_model")
    assert (call.from_version, call.to_version) == (3, 2)
    version = record.store.to_frame()['model_version{component="risk_model"}']
    assert version[call.time_s] == 3
    assert set(version[(version.index > call.time_s) & (version.index < 27 * HOUR)]) == {2}
    assert set(version[version.index > 28 * HOUR]) == {4, 5, 6}


@pytest.mark.parametrize(
    ("expr", "hold", "keep"),
    [
        ('queue_length{component="gateway"} > 8', 0, 0),
        ("queue_length > 3", 45, 0),
        ("queue_length > 3", 30, 90),
        ("queue_length > 12", 0, 400),
        ("rate(requests_total[2m]) > 0.15", 60, 0),
        ("histogram_quantile(0.5, rate(wait_seconds_bucket[5m])) > 0.11", 20, 0),
        ("absent(workers{replica='2'}) and on () (workers > 3)", 15, 0),
        ("queue_length offset 10m > 6", 0, 30),
        ("recorded > 9", 30, 0),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_fires_when_the_judge_says_so_and_never_looks_ahead(expr, hold, keep, seed):
    """Over resets, gaps and series that end; with groups of different intervals."""
    series, end = store(seed), (SAMPLES - 1) * INTERVAL
    rules = [rule("recorded", "max by (component) (queue_length)", interval=20.0, alert=False)]
    rules.append(rule("A", expr, hold=hold, keep=keep, interval=30.0))
    live = LiveRule(rules[1], rules, 60.0, end)
    fired, looks = [], 0
    while (time := live.next_look()) is not None:
        looks += 1
        if live.look(time, Cut(series).known):
            fired.append(time)
    assert fired == begins(judge(rules, series, 0.0, end, 60.0), "A")
    assert looks <= end / 30 + 1


def test_looks_only_when_it_could_fire():
    """With `for: 10m` a quiet hour takes six looks, and not 120."""
    quiet = rule("A", "queue_length > 1000", hold=600, interval=30.0)
    live, times = LiveRule(quiet, [quiet], 30.0, 3600.0), []
    while (time := live.next_look()) is not None:
        live.look(time, Cut(store(1)).known)
        times.append(time)
    assert times == [600.0, 1230.0, 1860.0, 2490.0, 3120.0]


def rule(name, expr, hold=0.0, keep=0.0, interval=None, alert=True) -> Rule:
    return Rule("a.yml", 1, name, interval, alert, name, expr, hold, keep, {}, {})


class Cut:
    """A source of which only what lies between two instants can be seen."""

    def __init__(self, source, since=-np.inf, now=np.inf):
        self.source, self.since, self.now = source, since, now

    def known(self, now, since, metrics):
        return Cut(self.source, since, now)

    def select(self, matchers, start=-np.inf, end=np.inf):
        return self.source.select(matchers, max(start, self.since), min(end, self.now))


def refusal(path: Path, **settings: object) -> str:
    with pytest.raises(ScenarioError) as error:
        api.load(path, settings)
    return str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("OutOfRange", "OutOfrange", "alert: no rule gives the alert .*did you mean 'OutOfRange'"),
        ("OutOfRange", "'rows:low'", "alert: no rule gives the alert 'rows:low'"),
        ("call: rollback", "call: rolback", r"call: must be 'rollback' \(got 'rolback'\)"),
        ("rollout", "rolout", "component: no deployer 'rolout' .*did you mean 'rollout'"),
        ("component: rollout", "component: gateway", "component: no deployer 'gateway'"),
        ("model: risk_model", "model: risk_modle", "model: rollout deploys .*'risk_model'"),
        (
            "model: risk_model",
            "model: cough_model",
            "model: rollout deploys no model 'cough_model'",
        ),
        ("model:", "modell:", r"modell: unknown key \(did you mean 'model'\?\)"),
    ],
)
def test_a_wrong_action_is_told_with_its_line(write, old, new, message):
    text = acting_on("OutOfRange")
    line = text.count("\n", 0, text.index("alert: OutOfRange")) + 1
    broken = text.replace(action("OutOfRange"), action("OutOfRange").replace(old, new))
    with pytest.raises(ScenarioError, match=rf"acting\.yml:{line}: actions\[0\]\.{message}"):
        api.load(write(broken))


@pytest.mark.parametrize(
    ("alert", "rule"),
    [("FewRows", "FewRows"), ("FewRows", "rows:low"), ("FewRows", "rows:rate30m")],
)
def test_a_rule_that_acts_can_not_look_ahead(write, alert, rule):
    """Neither it nor what it reads; a rule that only tells may."""
    path = write(acting_on(alert))
    file = path.with_name("acting.rules.yml")
    ahead = {
        "FewRows": ("offset 7m", "offset -7m"),
        "rows:low": ("rows:rate30m <", "rows:rate30m offset -7m <"),
        "rows:rate30m": ("[30m])", "[30m] offset -7m)"),
    }[rule]
    file.write_text(RULES.replace(*ahead))
    line = next(k for k, one in enumerate(file.read_text().splitlines(), 1) if "offset -7m" in one)
    where = rf"acting\.rules\.yml:{line}: {rule}: must not look ahead: FewRows acts"
    with pytest.raises(ScenarioError, match=where):
        api.load(path)
    path.with_name("acting.yml").write_text(acting_on("Drift"))
    assert api.load(path).monitoring is not None


def test_a_mistake_in_a_call_is_not_told_as_one_on_the_command_line(write):
    scenario = api.load(write(acting_on()))
    with pytest.raises(ScenarioError, match=r"^with_ system\.gateway\.workrs=3: unknown key"):
        scenario.with_({"system.gateway.workrs": 3})


def test_an_action_needs_its_deployer_in_a_changed_scenario_too(write):
    scenario = api.load(write(acting_on("OutOfRange")))
    with pytest.raises(ScenarioError, match="deploys no model 'risk_model'"):
        scenario.with_({"system.rollout.models": ["cough_model"]})


def test_a_configuration_that_acts_can_not_judge_afterwards(write):
    path = write(acting_on("OutOfRange")).with_name("acting.yml")
    with pytest.raises(ScenarioError, match=r"acting\.yml:10: actions: .* has to be run"):
        load_monitoring(path).passive()
    path.write_text(MONITORING)
    assert load_monitoring(path).passive() == load_monitoring(path)


def test_the_example_differs_from_the_other_file_by_its_action_alone():
    acting = load_monitoring(FILES / "with_rollback.yml")
    passive = load_monitoring(FILES / "with_data_checks.yml")
    assert (acting.checks, acting.rules) == (passive.checks, passive.rules)
    assert [one.alert for one in acting.actions] == ["RecallDropped"]


def test_a_run_tells_what_was_called_in_all_its_worlds(write, tmp_path):
    scenario = api.load(write(acting_on("NewModel", "OutOfRange")), {"horizon": "32h"})
    run = scenario.run()
    called = pd.read_csv(run.write(tmp_path / "reports") / "actions.csv")
    pd.testing.assert_frame_equal(called, run.findings.actions)
    assert set(called["alert"][called["world"] == "all"]) == {"NewModel", "OutOfRange"}
    assert set(called["alert"][called["world"] == "twin"]) == {"NewModel"}
    assert run.twin.actions["time_s"].tolist() == [18 * HOUR + 40 * 60]
