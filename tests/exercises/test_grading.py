from pathlib import Path
from shutil import copytree

import pytest

from mlsim.exercises import grading
from mlsim.exercises.grading import NoSubmissions, grade, pages, submissions, table
from mlsim.exercises.spec import HANDED_OUT, SOLUTION, Exercise
from tests.exercises.conftest import EXERCISES, runs_of

exercise = EXERCISES["fahrenheit"]


@pytest.fixture
def class_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Submissions good and bad, in the order of what is wrong with them."""

    def practice_is_enough(one: Exercise, _: str, progress: object) -> object:
        return runs_of(one.name, "practice")

    monkeypatch.setattr(grading, "run_trial", practice_is_enough)
    copytree(exercise.folder / SOLUTION, tmp_path / "anna")
    copytree(exercise.folder / HANDED_OUT, tmp_path / "ben")
    for name, text in {
        "carl": "checks: {t: {kind: rnge, column: temperature}}\n",
        "dora": "rule_files: [../anna/rules/data.rules.yml]\n",
        "emil": "scrape_interval: 5s\n",
        "fritz": ": : not yaml [\n",
        "gina": "rule_files: [r.yml]\nactions: [{alert: A, do: rollback, component: risk}]\n",
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "monitoring.yml").write_text(text)
    (tmp_path / "hans").mkdir()
    (tmp_path / "readme.txt").write_text("not a submission")
    return tmp_path


def test_a_bad_submission_costs_its_author_the_points_and_stops_nobody(class_: Path):
    got = table(grade(exercise, class_)).set_index("submission")
    assert list(got.index) == ["anna", "ben", "carl", "dora", "emil", "fritz", "gina", "hans"]
    assert got["passed"].to_dict() == {name: name == "anna" for name in got.index}
    assert (got.loc["carl":, "points"] == 0).all()
    assert (got.loc["carl":, "error"] != "").all()
    assert "did you mean 'range'" in got.loc["carl", "error"]
    assert "inside the folder" in got.loc["dora", "error"]
    assert "no such file" in got.loc["hans", "error"]


def test_whatever_breaks_in_judging_one_is_told_of_that_one(class_: Path, monkeypatch):
    def breaks_for_anna(runs: object, monitoring: object) -> object:
        if "anna" in str(monitoring.path):
            raise ZeroDivisionError("oh")
        return judged(runs, monitoring)

    judged = grading.judged
    monkeypatch.setattr(grading, "judged", breaks_for_anna)
    got = table(grade(exercise, class_)).set_index("submission")
    assert "ZeroDivisionError" in got.loc["anna", "error"]
    assert got.loc["ben", "points"] > 0


def test_everybody_gets_a_page(class_: Path):
    grades = grade(exercise, class_)
    given = dict(pages(exercise, grades))
    assert set(given) == {one.submission for one in grades}
    assert "lies within 30..110" in given["ben"]
    assert "no such file" in given["hans"]


def test_the_same_submissions_get_the_same_bytes(class_: Path):
    once, again = (grade(exercise, class_) for _ in range(2))
    assert table(once).to_csv() == table(again).to_csv()
    assert dict(pages(exercise, once)) == dict(pages(exercise, again))


def test_a_folder_without_submissions_is_told(tmp_path: Path):
    with pytest.raises(NoSubmissions, match="holds no folders"):
        grade(exercise, tmp_path)


def test_what_is_no_folder_is_no_submission(class_: Path):
    students, stray = submissions(class_)
    assert "anna" in {path.name for path in students}
    assert [path.name for path in stray] == ["readme.txt"]
