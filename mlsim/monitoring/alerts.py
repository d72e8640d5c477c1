"""The states of an alert: from the steps at which its condition holds to when it fires."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mlsim.monitoring.promql.vector import Indices, Mask


@dataclass(frozen=True)
class Episode:
    """One alert from its first step to its end, as numbers of steps; None where it never came.

    pending: the condition begins to hold. firing: it has held for long enough. resolved: over.
    """

    pending: int
    firing: int | None
    resolved: int | None


def episodes(active: Mask, steps: Indices, hold: int, keep: int) -> Iterator[Episode]:
    """The episodes of one alert.

    active: bool[S], whether the condition holds at each step.
    steps: int64[S], instants of evaluation in milliseconds.
    hold, keep: `for` and `keep_firing_for` in milliseconds.
    Source: AlertingRule.Eval of Prometheus (rules/alerting.go).

    >>> active = np.array([0, 1, 1, 1, 0, 0], dtype=bool)
    >>> list(episodes(active, np.arange(6) * 60_000, hold=120_000, keep=0))
    [Episode(pending=1, firing=3, resolved=4)]
    """
    edges = np.flatnonzero(np.diff(active, prepend=False, append=False)).reshape(-1, 2)
    current: Episode | None = None
    for begin, end in edges.tolist():
        if current and current.resolved is not None and begin > current.resolved:
            yield current
            current = None
        # An alert that is kept firing goes on when its condition holds again.
        pending, firing = (current.pending, current.firing) if current else (begin, None)
        if firing is None:
            fires = int(np.searchsorted(steps, steps[begin] + hold))
            firing = fires if fires < end else None
        resolved = _first_step(steps, end, keep if firing is not None else 0)
        current = Episode(pending, firing, resolved)
    if current is not None:
        yield current


def _first_step(steps: Indices, end: int, keep: int) -> int | None:
    """The first step at or after `end` that is `keep` milliseconds later than it."""
    if end >= steps.size:
        return None
    found = int(np.searchsorted(steps, steps[end] + keep))
    return found if found < steps.size else None
