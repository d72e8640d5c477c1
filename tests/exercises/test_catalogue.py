"""Each exercise can be solved within its budget, and not by who doesn't think."""

from collections.abc import Callable

import pytest

from mlsim.exercises.scoring import Score
from mlsim.exercises.spec import HANDED_OUT, SOLUTION, Exercise
from tests.exercises.conftest import EXERCISES

EVERYTHING = {
    "monitoring.yml": """
        scrape_interval: 1m
        checks: {never_right: {kind: range, column: COLUMN, min: 1e9, max: 2e9}}
        rule_files: [all.yml]
    """,
    "all.yml": """
groups:
  - name: everything
    rules:
      - {alert: Check, expr: data_check >= 0, labels: {severity: page}}
      - {alert: Rows, expr: data_check_rows >= 0, labels: {severity: page}}
      - {alert: Busy, expr: workers_busy > 0, labels: {severity: page}}
      - {alert: Waiting, expr: queue_length > 0, labels: {severity: page}}
      - {alert: Traffic, expr: "rate(requests_total[1m]) > 0", labels: {severity: page}}
      - {alert: NoTraffic, expr: "rate(client_requests_total[1m]) == 0", labels: {severity: page}}
      - {alert: Old, expr: model_age_seconds >= 0, labels: {severity: page}}
      - {alert: Version, expr: model_version >= 0, labels: {severity: page}}
      - {alert: Up, expr: up >= 0, labels: {severity: page}}
""",
}
NOTHING = {"monitoring.yml": "scrape_interval: 1m\n"}
COLUMN = {"nobody_looked": "income", "telemetry_is_the_fault": "amount"}

every_exercise = pytest.mark.parametrize(
    "exercise", EXERCISES.values(), ids=EXERCISES, scope="module"
)
"""One after the other with all its tests, so that two workers hardly run the same ones."""

Scored = Callable[[Exercise, str | dict[str, str], str], Score]


def test_there_are_the_six_of_the_lecture():
    assert len(EXERCISES) >= 6
    assert all(name == exercise.name for name, exercise in EXERCISES.items())


@every_exercise
def test_its_solution_passes_the_practice_within_the_budget(exercise: Exercise, scored: Scored):
    result = scored(exercise, "solution", "practice")
    assert result.passed
    assert result.over == ()
    assert all(notice.after_s is not None for notice in result.notices)


@pytest.mark.long
@every_exercise
def test_its_solution_passes_the_hidden_faults(exercise: Exercise, scored: Scored):
    assert scored(exercise, "solution", "hidden").passed


@every_exercise
def test_it_is_not_passed_by_what_is_handed_out(exercise: Exercise, scored: Scored):
    """Which is the ops-only file, or worse."""
    assert not scored(exercise, "handed out", "practice").passed


@every_exercise
def test_it_is_not_passed_by_the_ops_only_file(exercise: Exercise, scored: Scored):
    ops = EXERCISES["nobody_looked"].folder / HANDED_OUT
    files = {
        "monitoring.yml": "scrape_interval: 1m\nrule_files: [ops.rules.yml]\n",
        "ops.rules.yml": (ops / "rules/ops.rules.yml").read_text(),
    }
    assert not scored(exercise, files, "practice").passed


@every_exercise
def test_it_is_not_passed_by_alerting_on_nothing(exercise: Exercise, scored: Scored):
    result = scored(exercise, NOTHING, "practice")
    assert not result.passed
    assert result.detection == 0


@every_exercise
def test_it_is_not_passed_by_alerting_on_everything(exercise: Exercise, scored: Scored):
    column = COLUMN.get(exercise.name, "temperature")
    files = {name: text.replace("COLUMN", column) for name, text in EVERYTHING.items()}
    assert not scored(exercise, files, "practice").passed


@every_exercise
def test_it_has_a_handout_hints_and_a_reason_for_its_solution(exercise: Exercise):
    assert "Your task" in (exercise.folder / HANDED_OUT / "handout.md").read_text()
    assert "1." in (exercise.folder / HANDED_OUT / "hints.md").read_text()
    assert len((exercise.folder / SOLUTION / "why.md").read_text()) > 100


@every_exercise
def test_its_handout_tells_the_budget_and_the_points_that_are_used(exercise: Exercise):
    text = " ".join((exercise.folder / HANDED_OUT / "handout.md").read_text().split())
    budget, rubric = exercise.spec.budget, exercise.spec.rubric
    assert f"{budget.series} series" in text
    assert f"{budget.checks} check" in text
    assert f"{budget.pages_per_week:g} pages a week" in text
    assert f"{rubric.detection:g} for noticing" in text
    assert f"{rubric.pass_mark:g} are needed" in text


@every_exercise
def test_its_hidden_faults_are_not_those_of_the_practice(exercise: Exercise):
    hidden, practice = exercise.spec.hidden, exercise.spec.practice
    assert hidden is not None
    assert not set(hidden.seeds) & set(practice.seeds)
    assert not [fault for fault in hidden.faults if fault in practice.faults]
