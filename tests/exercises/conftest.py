from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from mlsim.exercises.handing_out import catalogue
from mlsim.exercises.scoring import Score, score
from mlsim.exercises.spec import HANDED_OUT, MONITORING, SOLUTION, Exercise
from mlsim.exercises.trials import judged, run_trial
from mlsim.measures.findings import Findings
from mlsim.monitoring.spec import load_monitoring

EXERCISES = catalogue()


@cache
def runs_of(name: str, trial: str) -> list[Findings]:
    return run_trial(EXERCISES[name], trial)


@pytest.fixture
def scored(tmp_path: Path) -> Callable[..., Score]:
    """Scores a strategy: the solution, what is handed out, or rules and checks as given."""

    def scored(exercise: Exercise, strategy: str | dict[str, str], trial: str) -> Score:
        runs = runs_of(exercise.name, trial)
        if isinstance(strategy, dict):
            folder = tmp_path
            for name, text in strategy.items():
                (folder / name).write_text(text)
        else:
            folder = exercise.folder / {"solution": SOLUTION}.get(strategy, HANDED_OUT)
        monitoring = load_monitoring(folder / MONITORING, runs[0].scenario)
        return score(exercise, list(judged(runs, monitoring)))

    return scored
