"""Points: for what was noticed, how soon, and for silence where nothing was wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mlsim.exercises.missed import why_missed
from mlsim.exercises.spec import Exercise, Rubric
from mlsim.exercises.spending import Spending, spending
from mlsim.measures.findings import Findings

DAY = 86400.0
SHARE_OVER_BUDGET = 0.5
"""What is left of the points of who spent more than there is."""
FALSE_ALARMS_PER_DAY = 2.0
"""As many, and nobody believes an alert any more."""
REPEAT = 4 * 3600.0
"""Seconds after which an alert that goes on is told again: Alertmanager's own `repeat_interval`."""


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
    by_rule = pd.DataFrame(map(_false_alarms, runs)).fillna(0).mean()
    doubted = {str(rule): often for rule, often in by_rule.items() if often >= FALSE_ALARMS_PER_DAY}
    notices = tuple(_notice(run, fault, doubted) for run in runs for fault in run.faults)
    noticed = [notice for notice in notices if notice.after_s is not None]
    false_alarms = float(by_rule.sum())
    spent = spending(list(runs))
    over = tuple(spent.over(exercise.spec.budget))
    detection = rubric.detection * len(noticed) / len(notices)
    time = rubric.time * sum(_promptness(rubric, n.after_s) for n in noticed) / len(notices)
    quiet = rubric.quiet * max(0.0, 1 - false_alarms / FALSE_ALARMS_PER_DAY)
    passed = detection + time + quiet >= rubric.pass_mark and not over
    return Score(notices, spent, over, false_alarms, detection, time, quiet, passed)


def _notice(run: Findings, fault: str, doubted: Mapping[str, float]) -> Notice:
    """doubted: false alarms a day of the rules that nobody believes any more."""
    spec = run.faults[fault]
    due = run.alerts_due(fault)
    believed = due[~due["rule"].isin(list(doubted))]
    if believed.empty:
        why = [_cried_wolf(rule, doubted[rule]) for rule in due["rule"].unique()]
        return Notice(run.seed, fault, spec.title(), "", None, tuple(why or why_missed(run, fault)))
    first = believed.iloc[0]
    after = float(first["firing_s"]) - spec.at
    return Notice(run.seed, fault, spec.title(), str(first["rule"]), after, ())


def _cried_wolf(rule: str, often: float) -> str:
    return (
        f"{rule} fired, as it does {often:.1f} times a day where nothing is wrong: nobody believes "
        "it any more."
    )


def _promptness(rubric: Rubric, after: float | None) -> float:
    """1 for who notices soon, 0 for who notices late, in between in proportion to the delay."""
    if after is None:
        return 0.0
    return float(np.interp(after, [rubric.soon, rubric.late], [1.0, 0.0]))


def _false_alarms(run: Findings) -> "pd.Series[float]":
    """Times a day that each rule calls somebody in the world without a fault; one that goes on
    firing calls again.
    """
    fired, horizon = (run.twin or run.run).fired, run.scenario.horizon
    lasted = fired["resolved_s"].fillna(horizon) - fired["firing_s"]
    return (1 + lasted // REPEAT).groupby(fired["rule"]).sum() / (horizon / DAY)
