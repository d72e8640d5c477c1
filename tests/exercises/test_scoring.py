"""What is worth points, and what isn't: silence."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlsim.exercises.scoring import FALSE_ALARMS_PER_DAY, Score, score
from mlsim.exercises.spec import HANDED_OUT, SOLUTION
from mlsim.exercises.trials import judged
from mlsim.monitoring.spec import load_monitoring
from tests.exercises.conftest import EXERCISES, runs_of

exercise = EXERCISES["nobody_looked"]
RUBRIC = exercise.spec.rubric
ALWAYS = {"alert": "Always", "expr": "up >= 0", "for": "0s", "severity": "ticket"}


def scored(folder: Path) -> Score:
    runs = runs_of(exercise.name, "practice")
    return score(exercise, list(judged(runs, load_monitoring(folder, runs[0].scenario))))


def strategy(folder: Path, rule: dict[str, str], beside: str = "") -> Path:
    """A monitoring file with one rule, and those of a file of rules beside it."""
    text = (
        "groups:\n  - name: own\n    rules:\n"
        f"      - {{alert: {rule['alert']}, expr: '{rule['expr']}', for: {rule['for']}, "
        f"labels: {{severity: {rule['severity']}}}}}\n"
    )
    (folder / "own.yml").write_text(text)
    checks = ""
    if beside:
        (folder / "data.yml").write_text(beside)
        whole = (exercise.folder / SOLUTION / "monitoring.yml").read_text()
        checks = whole.partition("rule_files")[0].partition("checks:")[2]
        checks = f"checks:{checks}"
    files = "[own.yml, data.yml]" if beside else "[own.yml]"
    path = folder / "monitoring.yml"
    path.write_text(f"scrape_interval: 1m\n{checks}rule_files: {files}\n")
    return path


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.sampled_from(["up >= 0", "up < 2", "vector(1)", "workers_busy >= 0", "requests_total >= 0"]),
    st.sampled_from(["0s", "1m", "3h", "12h"]),
    st.sampled_from(["page", "ticket"]),
)
def test_a_rule_that_always_fires_earns_less_than_none(
    tmp_path: Path, expression: str, hold: str, severity: str
):
    """Silence is worth as much as silence; and whoever fires from morning to night has none."""
    rule = {"alert": "Always", "expr": expression, "for": hold, "severity": severity}
    always = scored(strategy(tmp_path, rule))
    assert always.quiet == 0
    assert always.detection + always.time + always.quiet < RUBRIC.quiet


def test_one_beside_good_rules_takes_all_that_silence_is_worth(tmp_path: Path):
    good = scored(exercise.folder / SOLUTION / "monitoring.yml")
    rules = (exercise.folder / SOLUTION / "rules" / "data.rules.yml").read_text()
    both = scored(strategy(tmp_path, ALWAYS, beside=rules))
    assert (both.detection, both.time) == (good.detection, good.time)
    assert good.points - both.points == pytest.approx(good.quiet)


def test_an_alert_that_goes_on_is_told_six_times_a_day(tmp_path: Path):
    """Every 4 h, as by Alertmanager: horizon / 4 h times, and once at the beginning."""
    always = scored(strategy(tmp_path, {**ALWAYS, "expr": "vector(1)"}))
    days = runs_of(exercise.name, "practice")[0].scenario.horizon / 86400
    assert always.false_alarms == pytest.approx(6, abs=1.01 / days)


def test_who_cries_wolf_has_noticed_nothing(tmp_path: Path):
    """A rule that follows every whim of the data is due to faults by chance."""
    rule = {**ALWAYS, "alert": "Nervous", "expr": "data_check > avg_over_time(data_check[6h])"}
    file = strategy(tmp_path, rule)
    checks = "checks: {debts: {kind: range, column: debt, min: 1000, max: 9e9, window: 10min}}\n"
    file.write_text(checks + file.read_text())
    runs = runs_of(exercise.name, "practice")
    watched = list(judged(runs, load_monitoring(file, runs[0].scenario)))
    assert any(run.due(fault).any() for run in watched for fault in run.faults)
    result = score(exercise, watched)
    assert result.false_alarms > FALSE_ALARMS_PER_DAY
    assert result.detection == result.time == result.quiet == 0
    assert any("nobody believes it" in why for notice in result.notices for why in notice.why)


def test_what_is_handed_out_beats_what_always_fires(tmp_path: Path):
    handed_out = scored(exercise.folder / HANDED_OUT / "monitoring.yml")
    assert scored(strategy(tmp_path, ALWAYS)).points < handed_out.points
