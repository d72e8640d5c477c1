"""Rules that act: alerts that change the system, in simulated time, while it runs."""

from collections.abc import Generator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import simpy

from mlsim.monitoring.actions.rollback import Rollback
from mlsim.monitoring.checks.runner import Checks
from mlsim.monitoring.live import LiveRule
from mlsim.monitoring.rules import Rule
from mlsim.monitoring.spec import Monitoring
from mlsim.system.simulation import System
from mlsim.telemetry.recorder import Recorder
from mlsim.telemetry.store import SeriesStore

MOMENT = 0.001
"""Seconds from an alert to what it sets off, the smallest step that PromQL knows: so the scrape of
that instant shows the system as the rule saw it, and not already changed."""


class Call(NamedTuple):
    """One call of an action.

    time_s: when its alert began to fire, in seconds since day 0.
    from_version, to_version: of the model, before and after; the same if nothing was to be done.
    """

    time_s: float
    alert: str
    call: str
    component: str
    model: str
    from_version: int
    to_version: int


class Acting:
    """The acting rules of a monitoring file at work on a system, each a process of its own.

    They read what `recorder` and `checks`, which must listen to the system, know at each instant,
    and nothing of what comes later. An alert that fires at the horizon itself acts no more.
    """

    def __init__(self, monitoring: Monitoring, system: System, recorder: Recorder, checks: Checks):
        self._system, self._recorder, self._checks = system, recorder, checks
        self._calls: list[Call] = []
        rules, interval = monitoring.rules, monitoring.evaluation_interval
        for rule, actions in acting_rules(monitoring):
            live = LiveRule(rule, rules, interval, system.scenario.horizon)
            system.clock.process(self._watch(live, actions))

    def calls(self) -> pd.DataFrame:
        """What has been called: one row each with the fields of `Call`, by time."""
        return call_table(self._calls)

    def _watch(
        self, rule: LiveRule, actions: Sequence[Rollback]
    ) -> Generator[simpy.Event, None, None]:
        clock = self._system.clock
        while (time := rule.next_look()) is not None:
            yield clock.last_at(time)
            if rule.look(time, self._known):
                clock.process(self._act(time, actions))

    def _act(self, time: float, actions: Sequence[Rollback]) -> Generator[simpy.Event, None, None]:
        yield self._system.clock.timeout(MOMENT)
        for action in actions:
            before, after = action.act(self._system)
            self._calls.append(
                Call(time, action.alert, action.call, action.component, action.model, before, after)
            )

    def _known(self, now: float, since: float, metrics: frozenset[str] | None) -> SeriesStore:
        """What has been scraped from `since` to `now`, the last scrape at least."""
        self._system.settle()
        times = self._recorder.times
        last = int(np.searchsorted(times, now, side="right"))
        first = min(int(np.searchsorted(times, since)), last - 1)
        store = SeriesStore(times[first:last])
        self._recorder.write(store, metrics)
        self._checks.write(store, metrics)
        return store


def acting_rules(monitoring: Monitoring) -> list[tuple[Rule, list[Rollback]]]:
    """The rules whose alerts set something off, each with what."""
    return [
        (rule, actions)
        for rule in monitoring.rules
        if rule.alert and (actions := [a for a in monitoring.actions if a.alert == rule.name])
    ]


def call_table(calls: Sequence[Call]) -> pd.DataFrame:
    """Calls as a table with the fields of `Call`."""
    return pd.DataFrame(calls, columns=list(Call._fields))
