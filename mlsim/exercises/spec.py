"""The file `exercise.yaml`: what is broken, what may be spent, and what is worth points."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import Field

from mlsim.errors import Problem, ScenarioError
from mlsim.monitoring.loading import load_watched
from mlsim.monitoring.spec import Monitoring
from mlsim.scenario.document import Document, read
from mlsim.scenario.kinds import Mistake, Spec
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Duration
from mlsim.scenario.validation import examine

FILE = "exercise.yaml"
HANDED_OUT = "handed_out"
"""The folder with what students get: handout, hints, scenario, and monitoring to start from."""
SOLUTION = "solution"
"""The folder with the reference solution: a monitoring file, its rules, and why."""
SCENARIO = "scenario.yaml"
MONITORING = "monitoring.yml"


class Budget(Spec):
    """What a monitoring strategy may cost."""

    series: int = Field(ge=0)
    """Series that its rules read."""
    checks: int = Field(ge=0)
    """Checks on data."""
    pages_per_week: float = Field(ge=0)
    """Pages in the busiest of the worlds; people who are called more often stop looking."""


class Rubric(Spec):
    """What is worth how many points; together they are the most that one can get."""

    detection: float = Field(60.0, ge=0)
    """For noticing: this times the share of the faults that were noticed."""
    time: float = Field(20.0, ge=0)
    """For noticing soon: all of it within `soon`, none of it from `late` on, for each fault."""
    quiet: float = Field(20.0, ge=0)
    """For silence where nothing is wrong: none of it at two false alarms a day."""
    soon: Duration = 3600.0
    """A fault noticed within this time is noticed at once."""
    late: Duration = 172800.0
    """A fault noticed after this time might as well have been found by its victims."""
    pass_mark: float = 70.0
    """Points that are needed; who is over the budget doesn't pass."""

    def problems_of_its_own(self) -> Iterator[Mistake]:
        if self.late <= self.soon:
            yield ("late",), "must be longer than `soon`", ""
        if self.pass_mark > self.detection + self.time + self.quiet:
            yield ("pass_mark",), "is more than all points together", ""


class Trial(Spec):
    """Runs by which a strategy is judged: each fault is alone in a world of its own."""

    seeds: tuple[int, ...] = Field(min_length=1)
    faults: tuple[dict[str, Any], ...] = Field(min_length=1)
    """As in a scenario."""


class ExerciseFile(Spec):
    """An exercise as it is written."""

    exercise: str
    """Its name, which is also that of its folder."""
    title: str
    lesson: str
    """What one should have learnt by it, in a sentence."""
    budget: Budget
    rubric: Rubric = Field(default_factory=Rubric)
    practice: Trial
    """Faults that a student's `check` tries."""
    hidden: Trial | None = None
    """Faults that only a teacher's `grade` tries; None in what students get."""


@dataclass(frozen=True)
class Exercise:
    """An exercise in a folder. spec: what its file says. document: the file."""

    folder: Path
    spec: ExerciseFile
    document: Document

    @property
    def name(self) -> str:
        return self.spec.exercise

    @property
    def scenario_file(self) -> Path:
        """The system, without a fault."""
        return self.folder / HANDED_OUT / SCENARIO

    def broken(self, trial: str) -> tuple[Scenario, Monitoring]:
        """The system with the faults of `practice` or `hidden`, and the monitoring handed out.

        Raises ScenarioError where the faults don't fit the system, naming their lines.
        """
        faults = getattr(self.spec, trial).faults
        try:
            scenario, monitoring = load_watched(self.scenario_file, {"faults": list(faults)})
        except ScenarioError as error:
            raise ScenarioError([self._placed(p, trial) for p in error.problems]) from None
        if monitoring is None:
            problem = Problem(
                str(self.scenario_file), 0, "", "needs a monitoring file to start from"
            )
            raise ScenarioError([problem])
        return scenario, monitoring

    def _placed(self, problem: Problem, trial: str) -> Problem:
        """A mistake in a fault is one of the exercise's file, where it stands."""
        if not problem.file.startswith("--set "):
            return problem
        line = self.document.line((trial, "faults"))
        path = f"{trial}.faults{problem.path}"
        return replace(problem, file=str(self.document.path), line=line, path=path)


def load_exercise(folder: str | Path) -> Exercise:
    """Read an exercise. Raises ScenarioError with the mistakes of its file."""
    folder = Path(folder)
    document = read(folder / FILE)
    checked = examine(document, ExerciseFile)
    if checked.value is not None:
        mistakes = checked.value.rubric.problems_of_its_own()
        checked = checked.with_mistakes((("rubric", *p), m, s) for p, m, s in mistakes)
    return Exercise(folder, checked.whole(), document)


def for_students(exercise: Exercise) -> dict[str, Any]:
    """What a student's `check` needs to know of an exercise: all but the hidden faults."""
    data = exercise.document.data
    return {key: value for key, value in dict(data).items() if key != "hidden"}  # type: ignore[arg-type]
