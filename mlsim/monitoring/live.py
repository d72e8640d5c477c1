"""An alerting rule that is evaluated while the system runs, on what is known by then."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from mlsim.monitoring.alerts import Episode, episodes
from mlsim.monitoring.judging import blaming, evaluation_steps
from mlsim.monitoring.promql import Source, Vector, evaluate, metrics_read, parse, reach
from mlsim.monitoring.promql.vector import Indices, Mask
from mlsim.monitoring.recorded import Recorded
from mlsim.monitoring.rules import Rule, recorded_for, union_of_metrics
from mlsim.telemetry.labels import Labels


class Known(Protocol):
    """Gives what is known at an instant."""

    def __call__(self, now: float, since: float, metrics: frozenset[str] | None) -> Source:
        """The series of these metrics (None: of all) from `since` to `now`, in seconds."""


class LiveRule:
    """An alerting rule and its state, from day 0 to `end` (seconds).

    rules: all rules in order of evaluation, this one among them; those that record what it reads
    are evaluated with it. interval: between evaluations in seconds, if its group has none.
    steps: int64[S], the instants of its evaluations in milliseconds.

    It has the steps, the states and the code of `judge`, so that both always agree. It looks only
    when the alert could begin to fire, and then catches up on the steps in between: with `for: 6h`
    that is every six hours, and not every minute.
    """

    def __init__(self, rule: Rule, rules: Sequence[Rule], interval: float, end: float):
        self.rule = rule
        self.steps = evaluation_steps(0.0, end, rule.interval or interval)
        recording = recorded_for(rule, rules)
        self._recording = [
            (r, evaluation_steps(0.0, end, r.interval or interval)) for r in recording
        ]
        chain = (*recording, rule)
        self._metrics = union_of_metrics([metrics_read(parse(r.expr)) for r in chain])
        # A step more for each: where a recorded series ends is told from the step before.
        self._reach = sum(reach(parse(r.expr)) + (r.interval or interval) for r in chain)
        self._hold, self._keep = round(rule.hold * 1000), round(rule.keep * 1000)
        self._evaluated = 0
        self._active: dict[Labels, Mask] = {}

    def next_look(self) -> float | None:
        """When the alert may begin to fire at the earliest, in seconds; None for never."""
        if self._evaluated == self.steps.size:
            return None
        pending = [e.pending for e in self._latest() if e.firing is None and e.resolved is None]
        holds_since = self.steps[min(pending, default=self._evaluated)]
        step = int(np.searchsorted(self.steps, holds_since + self._hold))
        return float(self.steps[step]) / 1000 if step < self.steps.size else None

    def look(self, now: float, known: Known) -> bool:
        """Evaluate all steps up to `now` (seconds); whether the alert begins to fire at the last.

        It begins when one of its series fires and none did before. Raises: as `judge`.
        """
        first, last = self._evaluated, int(np.searchsorted(self.steps, round(now * 1000)))
        self._evaluated = last + 1
        self._remember(self._evaluate(self.steps[first : last + 1], known), first)
        firing = [e.firing for e in self._latest() if e.firing is not None and e.resolved is None]
        return bool(firing) and min(firing) == last

    def _evaluate(self, steps: Indices, known: Known) -> Vector:
        since = steps[0] / 1000 - self._reach
        series = Recorded(known(steps[-1] / 1000, since, self._metrics))
        for rule, every in self._recording:
            own = every[(every >= since * 1000) & (every <= steps[-1])] / 1000
            with blaming(rule):
                series.record(rule.name, rule.labels, own, evaluate(rule.expr, series, own))
        with blaming(self.rule):
            return evaluate(self.rule.expr, series, steps / 1000)

    def _remember(self, result: Vector, first: int) -> None:
        for labels, present in zip(result.labels, result.present, strict=True):
            active = self._active.setdefault(labels, np.zeros(self.steps.size, np.bool_))
            active[first : self._evaluated] = present

    def _latest(self) -> Iterator[Episode]:
        """The newest episode of each series, as it looks now."""
        steps = self.steps[: self._evaluated]
        for active in self._active.values():
            *_, newest = episodes(active[: steps.size], steps, self._hold, self._keep)
            yield newest
