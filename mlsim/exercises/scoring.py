"""Points: for what was noticed, how soon, and for silence where nothing was wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlsim.exercises.missed import why_missed
from mlsim.exercises.spec import Exercise, Rubric
from mlsim.exercises.spending import Spending, spending
from mlsim.measures.findings import Findings

DAY = 86400.0
SHARE_OVER_BUDGET = 0.5
"""What is left of the points of who spent more than there is."""
FALSE_ALARMS_PER_DAY = 2.0
"""As many, and nobody believes an alert any more."""


@dataclass(frozen=True)
class Notice:
    """What became of one fault in one run.

    rule: the alert that came first, "" if none did. after_s: seconds from the fault's begin to it.
    why: if nobody noticed, what the strategy looked at and what it saw, a sentence each.
    """

    seed: int
    fault: str
    title: str
    rule: str
    after_s: float | None
    why: tuple[str, ...]


@dataclass(frozen=True)
class Score:
    """What a strategy got. detection, time, quiet: points, before the budget is looked at.

    notices: one for each fault and run. false_alarms: per day, where nothing was wrong. over: what
    was overspent, by its name in the budget.
    """

    notices: tuple[Notice, ...]
    spent: Spending
    over: tuple[str, ...]
    false_alarms: float
    detection: float
    time: float
    quiet: float
    passed: bool

    @property
    def points(self) -> float:
        """All points; half of them over the budget."""
        earned = self.detection + self.time + self.quiet
        return earned * SHARE_OVER_BUDGET if self.over else earned


def score(exercise: Exercise, runs: Sequence[Findings]) -> Score:
    """Judge a strategy by the runs that its monitoring has watched."""
    rubric = exercise.spec.rubric
    notices = tuple(_notice(run, fault) for run in runs for fault in run.faults)
    noticed = [notice for notice in notices if notice.after_s is not None]
    false_alarms = float(np.mean([_false_alarms(run) for run in runs]))
    spent = spending(list(runs))
    over = tuple(spent.over(exercise.spec.budget))
    detection = rubric.detection * len(noticed) / len(notices)
    time = rubric.time * sum(_promptness(rubric, n.after_s) for n in noticed) / len(notices)
    quiet = rubric.quiet * max(0.0, 1 - false_alarms / FALSE_ALARMS_PER_DAY)
    passed = detection + time + quiet >= rubric.pass_mark and not over
    return Score(notices, spent, over, false_alarms, detection, time, quiet, passed)


def _notice(run: Findings, fault: str) -> Notice:
    first, spec = run.first_alert(fault), run.faults[fault]
    if first is None:
        return Notice(run.seed, fault, spec.title(), "", None, tuple(why_missed(run, fault)))
    after = float(first["firing_s"]) - spec.at
    return Notice(run.seed, fault, spec.title(), str(first["rule"]), after, ())


def _promptness(rubric: Rubric, after: float | None) -> float:
    """1 for who notices soon, 0 for who notices late, in between in proportion to the delay."""
    if after is None:
        return 0.0
    return float(np.interp(after, [rubric.soon, rubric.late], [1.0, 0.0]))


def _false_alarms(run: Findings) -> float:
    """Alerts per day in the world without a fault."""
    alerts = run.twin.alerts if run.twin else run.run.alerts
    return float(alerts["firing_s"].notna().sum() / (run.scenario.horizon / DAY))
