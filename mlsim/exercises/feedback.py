"""A score in words: what was noticed, what wasn't and why, and what it was worth."""

from collections.abc import Iterator

from mlsim.exercises.scoring import FALSE_ALARMS_PER_DAY, REPEAT, Notice, Score
from mlsim.exercises.spec import Exercise
from mlsim.report.wording import capital, duration, number

NAMES = {
    "series": "Series that rules read",
    "checks": "Checks on data",
    "pages_per_week": "Pages a week, in the busiest world",
}


def feedback(exercise: Exercise, score: Score) -> str:
    """One page in Markdown about one strategy."""
    return "\n".join([*_verdict(exercise, score), *_notices(score), *_points(exercise, score)])


def verdict(exercise: Exercise, score: Score) -> str:
    """Passed or not, in a line."""
    rubric = exercise.spec.rubric
    most = rubric.detection + rubric.time + rubric.quiet
    points = f"{number(round(score.points, 1))} of {number(most)} points"
    if score.passed:
        return f"Passed, with {points}."
    if score.over:
        names = " and ".join(NAMES[name].lower() for name in score.over)
        return f"Not passed: over the budget ({names}), which leaves {points}."
    return f"Not passed: {points}, and it takes {number(rubric.pass_mark)}."


def _verdict(exercise: Exercise, score: Score) -> Iterator[str]:
    yield f"# {exercise.spec.title}"
    yield ""
    yield verdict(exercise, score)
    yield ""


def _notices(score: Score) -> Iterator[str]:
    yield "## Who noticed what"
    yield ""
    several = len({notice.seed for notice in score.notices}) > 1
    for notice in score.notices:
        which = f"{notice.fault}, seed {notice.seed}" if several else notice.fault
        yield f"- **{capital(notice.title)}** ({which}): {_outcome(notice)}"
        yield from (f"  - {sentence}" for sentence in notice.why)
    yield ""


def _outcome(notice: Notice) -> str:
    if notice.after_s is None:
        return "nobody noticed."
    return f"{notice.rule} noticed after {duration(notice.after_s)}."


def _points(exercise: Exercise, score: Score) -> Iterator[str]:
    rubric, budget = exercise.spec.rubric, exercise.spec.budget
    noticed = sum(notice.after_s is not None for notice in score.notices)
    yield "## What it was worth"
    yield ""
    yield "| for | points | of | how |"
    yield "| --- | ---: | ---: | --- |"
    yield _row("noticing", score.detection, rubric.detection, f"{noticed} of {len(score.notices)}")
    soon, late = duration(rubric.soon), duration(rubric.late)
    yield _row("noticing soon", score.time, rubric.time, f"all within {soon}, none after {late}")
    alarms = (
        f"{score.false_alarms:.2g} false alarms a day, one that goes on counted every "
        f"{duration(REPEAT)}; none left at {FALSE_ALARMS_PER_DAY:g}"
    )
    yield _row("silence where nothing was wrong", score.quiet, rubric.quiet, alarms)
    yield ""
    yield "| budget | used | allowed |"
    yield "| --- | ---: | ---: |"
    for name, allowed in budget.model_dump().items():
        over = " (over)" if name in score.over else ""
        used = number(round(getattr(score.spent, name), 1))
        yield f"| {NAMES[name]} | {used}{over} | {number(allowed)} |"
    yield ""


def _row(what: str, points: float, most: float, how: str) -> str:
    return f"| {what} | {points:.1f} | {most:g} | {how} |"
