"""Writes the table of the 28 items of the ML Test Score, from runs; `make items` calls it."""

from mlsim.exercises.handing_out import known
from mlsim.exercises.items import page
from mlsim.exercises.spec import SOLUTION

if __name__ == "__main__":
    exercise = known("ml_test_score")
    (exercise.folder / SOLUTION / "table.md").write_text(page(exercise), "utf-8")
