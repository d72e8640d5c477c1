"""The runs of an exercise, and a student's monitoring judged on them."""

from collections.abc import Callable, Iterator
from pathlib import Path

from mlsim.errors import MlsimError
from mlsim.exercises.spec import MONITORING, Exercise
from mlsim.measures.findings import Findings
from mlsim.monitoring.spec import Monitoring, load_monitoring
from mlsim.studies.judging_again import judged_by
from mlsim.studies.worlds import run_worlds

Progress = Callable[[float], None]
"""Is told which share of the runs is done."""


class NothingHidden(MlsimError):
    """An exercise has no hidden faults: it is what students got."""


def run_trial(exercise: Exercise, trial: str, progress: Progress | None = None) -> list[Findings]:
    """The runs of `practice` or `hidden`, one for each seed, with all that reached collectors.

    Raises ScenarioError where the faults don't fit the system, NothingHidden without any.
    """
    if getattr(exercise.spec, trial) is None:
        raise NothingHidden(f"{exercise.name}: holds no hidden faults; a teacher's key does")
    seeds = getattr(exercise.spec, trial).seeds
    scenario, monitoring = exercise.broken(trial)
    whole = scenario.history + scenario.horizon

    def tell(number: int) -> Callable[[float], None]:
        def told(time: float) -> None:
            if progress is not None:
                progress((number + (time + scenario.history) / whole) / len(seeds))

        return told

    return [
        run_worlds(scenario, monitoring, seed, progress=tell(number), record="rows")
        for number, seed in enumerate(seeds)
    ]


def submitted(folder: Path, exercise: Exercise) -> Monitoring:
    """The monitoring in a student's folder; raises ScenarioError with all its mistakes."""
    scenario, _ = exercise.broken("practice")
    return load_monitoring(folder / MONITORING, scenario).passive()


def judged(runs: list[Findings], monitoring: Monitoring) -> Iterator[Findings]:
    """The runs under a student's monitoring; raises MlsimError where they can't be judged by it."""
    return (judged_by(run, monitoring) for run in runs)
