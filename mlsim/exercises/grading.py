"""A class's submissions: one line each in a table, and a page each to give back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mlsim.errors import MlsimError
from mlsim.exercises.feedback import feedback
from mlsim.exercises.scoring import Score, score
from mlsim.exercises.spec import Exercise
from mlsim.exercises.trials import judged, run_trial, submitted
from mlsim.measures.findings import Findings

COLUMNS = (
    "submission points passed noticed faults median_delay_h false_alarms_per_day "
    "series checks pages_per_week error"
)


class NoSubmissions(MlsimError):
    """A folder holds no folder of a student."""


@dataclass(frozen=True)
class Grade:
    """What a submission got. score: None if it could not be judged; error: why, else ""."""

    submission: str
    score: Score | None
    error: str


def grade(
    exercise: Exercise, folder: Path, progress: Callable[[float], None] | None = None
) -> list[Grade]:
    """Grade each folder in a folder, in the order of their names, by the hidden faults.

    The system runs once for all. Raises NoSubmissions, and NothingHidden without hidden faults.
    """
    students, _ = submissions(folder)
    if not students:
        raise NoSubmissions(f"{folder}: holds no folders, and each submission is one")
    runs = run_trial(exercise, "hidden", progress)
    return [_grade(exercise, student, runs) for student in students]


def submissions(folder: Path) -> tuple[list[Path], list[Path]]:
    """The folders in a folder, each a submission, and what else lies there, by their names.

    What begins with a dot is neither. Raises NoSubmissions where there is no such folder.
    """
    if not folder.is_dir():
        raise NoSubmissions(f"{folder}: no such folder")
    seen = sorted(path for path in folder.iterdir() if path.name[0] != ".")
    return [path for path in seen if path.is_dir()], [path for path in seen if not path.is_dir()]


def _grade(exercise: Exercise, student: Path, runs: list[Findings]) -> Grade:
    try:
        monitoring = submitted(student, exercise)
        return Grade(student.name, score(exercise, list(judged(runs, monitoring))), "")
    except MlsimError as error:
        return Grade(student.name, None, str(error).replace(f"{student}/", ""))
    except Exception as error:  # one submission must not stop the grading of the others
        return Grade(student.name, None, f"could not be judged: {type(error).__name__}: {error}")


def table(grades: list[Grade]) -> pd.DataFrame:
    """One row for each submission."""
    rows = pd.DataFrame([_row(one) for one in grades], columns=COLUMNS.split())
    return rows.astype(dict.fromkeys(("noticed", "faults", "series", "checks"), "Int64"))


def pages(exercise: Exercise, grades: list[Grade]) -> Iterator[tuple[str, str]]:
    """A page of feedback for each submission, in Markdown."""
    for one in grades:
        if one.score is None:
            lines = one.error.splitlines()
            text = "\n".join(
                [f"# {exercise.spec.title}", "", "Not passed: it could not be judged.", ""]
                + [f"- {line}" for line in lines]
            )
            yield one.submission, text + "\n"
        else:
            yield one.submission, feedback(exercise, one.score)


def _row(one: Grade) -> dict[str, object]:
    if one.score is None:
        error = one.error.splitlines()[0] if one.error else ""
        return {"submission": one.submission, "points": 0.0, "passed": False, "error": error}
    delays = [n.after_s / 3600 for n in one.score.notices if n.after_s is not None]
    return {
        "submission": one.submission,
        "points": round(one.score.points, 1),
        "passed": one.score.passed,
        "noticed": len(delays),
        "faults": len(one.score.notices),
        "median_delay_h": round(float(pd.Series(delays).median()), 2) if delays else None,
        "false_alarms_per_day": round(one.score.false_alarms, 3),
        "series": one.score.spent.series,
        "checks": one.score.spent.checks,
        "pages_per_week": round(one.score.spent.pages_per_week, 2),
        "error": "",
    }
