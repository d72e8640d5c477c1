from pathlib import Path
from shutil import copytree, rmtree

from mlsim.exercises.handing_out import CATALOGUE


def test_all_exercises_are_listed(mlsim):
    listed = mlsim("exercise", "list").stdout
    assert all(folder.name in listed for folder in CATALOGUE.iterdir() if folder.is_dir())


def test_a_student_starts_checks_and_solves(mlsim, tmp_path: Path):
    assert mlsim("exercise", "start", "push_never_arrived", "mine").returncode == 0
    missed = mlsim("exercise", "check", "mine")
    assert missed.returncode == 1
    assert "model_age_seconds" in missed.stdout
    rmtree(tmp_path / "mine/rules")
    copytree(CATALOGUE / "push_never_arrived/solution", tmp_path / "mine", dirs_exist_ok=True)
    solved = mlsim("exercise", "check", "mine")
    assert solved.returncode == 0
    assert "Passed" in solved.stdout


def test_a_teacher_makes_seals_and_grades(mlsim, tmp_path: Path):
    mlsim("exercise", "new", "own", "--like", "push_never_arrived")
    assert mlsim("exercise", "seal", "own", "--out", "sealed").returncode == 0
    copytree(tmp_path / "own/solution", tmp_path / "class/anna")
    (tmp_path / "class/ben").mkdir()
    (tmp_path / "class/carl.zip").write_bytes(b"PK")
    graded = mlsim("exercise", "grade", "class", "--key", "sealed/teacher")
    assert "1 of 2 passed" in graded.stdout
    assert graded.stderr.splitlines() == ["class/carl.zip was left out: a submission is a folder"]
    table = (tmp_path / "grades/grades.csv").read_text().splitlines()
    assert [line.split(",")[:3:2] for line in table[1:]] == [["anna", "True"], ["ben", "False"]]
    assert (tmp_path / "grades/anna.md").is_file()
    assert (tmp_path / "grades/ben.md").is_file()


def test_a_students_bundle_can_not_be_graded_by(mlsim, tmp_path: Path):
    mlsim("exercise", "start", "fahrenheit", "mine")
    (tmp_path / "class/anna").mkdir(parents=True)
    refused = mlsim("exercise", "grade", "class", "--key", "mine/practice.sealed")
    assert refused.returncode == 2
    assert "hidden" in refused.stderr


def test_mistakes_are_told(mlsim, tmp_path: Path):
    unknown = mlsim("exercise", "start", "fahrenheid", "mine")
    assert unknown.returncode == 2
    assert "did you mean 'fahrenheit'?" in unknown.stderr
    assert not (tmp_path / "mine").exists()
    assert mlsim("exercise", "check", ".").returncode == 2
    mlsim("exercise", "start", "fahrenheit", "mine")
    again = mlsim("exercise", "start", "fahrenheit", "mine")
    assert (again.returncode, "exists already" in again.stderr) == (2, True)


def test_a_mistake_of_the_teacher_is_told_with_its_line(mlsim, tmp_path: Path):
    mlsim("exercise", "new", "own")
    file = tmp_path / "own/exercise.yaml"
    file.write_text(file.read_text().replace("component: phone", "component: phnoe", 1))
    refused = mlsim("exercise", "seal", "own", "--out", "sealed")
    assert refused.returncode == 2
    mlsim_says = refused.stderr
    assert "own/exercise.yaml:" in mlsim_says
    assert "did you mean 'phone'?" in mlsim_says
    assert not (tmp_path / "sealed").exists()
