"""What every kind of check must do, tried out on its example over the rows of a small system."""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from mlsim.engine.network import Visits
from mlsim.monitoring.checks.base import Check, Values
from mlsim.monitoring.checks.runner import Watch
from mlsim.scenario.spec import Scenario
from mlsim.system.requests import RequestBlock
from mlsim.system.simulation import System
from mlsim.testing.hosts import scenario_of, without_faults
from mlsim.testing.language import LANGUAGE_CHECKS, example_of, spec_of

NAME = "probe"
HALF = 0.5


class CheckTrial:
    """A kind of check over the rows that reach the collector of a host.

    host: the text of a scenario with what it looks at; a small clinic if not given.
    """

    def __init__(self, kind: type[Check], host: str | None = None):
        self.kind, self._host = kind, without_faults(host)

    @cached_property
    def check(self) -> Check:
        """The check of the example."""
        check = spec_of(self.kind, example_of(self.kind))
        assert isinstance(check, Check)
        return check

    @cached_property
    def scenario(self) -> Scenario:
        """The host."""
        return scenario_of(self._host)

    @cached_property
    def seen(self) -> tuple[Values, Values]:
        """When it learns what of all rows that arrive after its reference begins, in order."""
        eye = _Eye(self.check, self.scenario)
        return eye.all_seen()

    def results(self, cuts: Values, until: float = np.inf) -> Values:
        """Its statistic at each evaluation, if rows come in blocks that end at `cuts`, seconds.

        until: later rows don't come at all.
        """
        watch = Watch(self.check, self.scenario.horizon)
        time, values = self.seen
        edges = np.unique([*cuts, watch.begins, until])
        block = np.searchsorted(edges, time)
        for number in np.unique(block[time <= until]):
            watch.see(time[block == number], values[block == number])
        return watch.results()[0]


class _Eye:
    """Listens for what a check would see."""

    def __init__(self, check: Check, scenario: Scenario):
        self._check, self._system = check, System(scenario, scenario.seed)
        self._collector = check.source or self._system.collectors[0]
        self._pieces: list[tuple[Values, Values]] = []
        self._system.listeners.append(self)

    def on_visits(self, visits: Visits) -> None:
        """Checks see rows."""

    def on_requests(self, block: RequestBlock) -> None:
        """Checks see what reaches a collector."""

    def on_collected(self, collector: str, block: RequestBlock) -> None:
        """Keep what the check learns of a block."""
        if collector == self._collector:
            self._pieces.append(self._check.see(block, collector))

    def all_seen(self) -> tuple[Values, Values]:
        """What it learns of all rows, in order of time."""
        self._system.run()
        time, values = (np.concatenate(pieces) for pieces in zip(*self._pieces, strict=True))
        order = np.argsort(time, kind="stable")
        return time[order], values[order]


def fits_its_host(trial: CheckTrial) -> None:
    """Nothing is wrong with its example in view of a scenario that has what it looks at."""
    problems = list(trial.check.problems(trial.scenario, NAME))
    assert not problems, f"{NAME}: {problems}"


def comes_to_numbers(trial: CheckTrial) -> None:
    """In the end it has something to say; before the first rows of its window it says nothing."""
    statistic = trial.results(np.empty(0))
    assert np.isfinite(statistic).any(), "it never comes to a number"
    assert np.isnan(statistic[0]), f"without rows it says {statistic[0]}"


def sorts_into_its_bins(trial: CheckTrial) -> None:
    """Every value has a bin below `width`, or -1 if it doesn't count."""
    values = trial.seen[1]
    bins = trial.check.bins(values, trial.check.learn(values) if trial.check.reference else None)
    assert bins.shape == trial.seen[0].shape
    assert -1 <= bins.min() <= bins.max() < trial.check.width


def does_not_depend_on_blocks(trial: CheckTrial) -> None:
    """Its numbers are the same to the last bit however the rows come together."""
    whole, cut = trial.results(np.empty(0)), trial.results(trial.seen[0][::97])
    assert whole.tobytes() == cut.tobytes(), "other blocks give other numbers"


def knows_nothing_of_the_future(trial: CheckTrial) -> None:
    """What it says at a time doesn't change by rows that come later."""
    half = HALF * trial.scenario.horizon
    known = int(half // trial.check.every) + 1
    now, later = trial.results(np.empty(0), until=half), trial.results(np.empty(0))
    assert now[:known].tobytes() == later[:known].tobytes(), "later rows change what it said"


CHECK_CHECKS: tuple[Callable[[CheckTrial], None], ...] = (
    fits_its_host,
    comes_to_numbers,
    sorts_into_its_bins,
    does_not_depend_on_blocks,
    knows_nothing_of_the_future,
)
"""What holds for every kind of check, besides `LANGUAGE_CHECKS`."""


def check_check(kind: type[Check], host: str | None = None) -> None:
    """Try out all that a kind of check must do; raises AssertionError for what it doesn't.

    host: the text of a scenario that has what its example looks at, if the clinic of the docs
    hasn't.

    >>> from mlsim.monitoring.checks.range import Range
    >>> check_check(Range)
    """
    for check in LANGUAGE_CHECKS:
        check(kind)
    trial = CheckTrial(kind, host)
    for one in CHECK_CHECKS:
        one(trial)
