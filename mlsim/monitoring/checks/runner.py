"""Runs checks over the rows that reach collectors; their results are metrics."""

import math
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np

from mlsim.engine.network import Visits
from mlsim.monitoring.checks.base import Check, ReceivedRows, Values
from mlsim.system.requests import RequestBlock
from mlsim.telemetry.store import SeriesStore

CHECK_METRICS = ("data_check", "data_check_rows")
"""The statistic of a check, and the rows in its window."""


class Watch:
    """One check at work, from day 0 to the horizon (seconds).

    begins: when its reference is over, in seconds. Evaluation k, at k*every, is the first to see
    the rows that arrived in ((k-1)*every, k*every].
    """

    def __init__(self, check: Check, horizon: float):
        self.check = check
        self._counts = np.zeros((math.floor(horizon / check.every) + 2, check.width), np.int64)
        self._reference: Any = None
        self._kept: list[Values] = []
        self._horizon = horizon
        self.begins = max(0.0, check.reference[1]) if check.reference else 0.0

    def see(self, time: Values, values: Values) -> None:
        """Count a block of what the check learns at some times, in seconds.

        With a reference, blocks from after it come when all from before it have come.
        """
        if self.check.reference and self._reference is None:
            self._remember(time, values)
        if not self.check.reference or self._reference is not None:
            in_time = (time > self.begins) & (time <= self._horizon)
            self._count(time[in_time], values[in_time])

    def _remember(self, time: Values, values: Values) -> None:
        start, end = self.check.reference or (0.0, 0.0)
        self._kept.append(values[(time >= start) & (time < end) & ~np.isnan(values)])
        if time[-1] > self.begins:
            kept = np.concatenate(self._kept)
            if kept.size:
                self._reference = self.check.learn(kept)
            self._kept = []

    def _count(self, time: Values, values: Values) -> None:
        evaluation = np.ceil(time / self.check.every).astype(np.int64)
        bins = self.check.bins(values, self._reference)
        cell = (evaluation * self.check.width + bins)[bins >= 0]
        self._counts += np.bincount(cell, minlength=self._counts.size).reshape(self._counts.shape)

    def results(self) -> tuple[Values, Values]:
        """The statistic and the rows in the window at each evaluation 0, 1, 2, ..."""
        cells = math.ceil(self.check.window / self.check.every)
        total = np.cumsum(self._counts, axis=0)
        total[cells:] -= total[:-cells].copy()
        rows = total.sum(axis=1).astype(float)
        if self.check.reference and self._reference is None:
            return np.full(rows.size, np.nan), rows
        return self.check.statistic(total, self._reference), rows


class Checks:
    """All checks of a monitoring file, listening to the collectors of a running system."""

    def __init__(self, checks: Mapping[str, Check], collectors: Iterable[str], horizon: float):
        self._sources = {
            name: check.source or next(iter(collectors)) for name, check in checks.items()
        }
        self._watches = {name: Watch(check, horizon) for name, check in checks.items()}

    @property
    def turns(self) -> set[float]:
        """When references end, in seconds: rows from before must be seen before those after."""
        return {watch.begins for watch in self._watches.values() if watch.check.reference}

    def on_visits(self, visits: Visits) -> None:
        """Checks see rows, not visits."""

    def on_requests(self, block: RequestBlock) -> None:
        """Checks see what reaches a collector, not what people see."""

    def on_collected(self, collector: str, block: ReceivedRows) -> None:
        """Show the rows that have reached a collector to the checks that look there."""
        for name, watch in self._watches.items():
            if self._sources[name] == collector:
                watch.see(*watch.check.see(block, collector))

    def write(self, store: SeriesStore, metrics: AbstractSet[str] | None = None) -> None:
        """Add the results as metrics; between two evaluations a gauge keeps its value.

        metrics: the names of those that are needed, if not all are.
        """
        if metrics is not None and metrics.isdisjoint(CHECK_METRICS):
            return
        for name, watch in self._watches.items():
            statistic, rows = watch.results()
            latest = np.floor(store.times / watch.check.every).astype(np.int64)
            seen = (latest >= 0) & (latest < statistic.size)
            for metric, values in zip(CHECK_METRICS, (statistic, rows), strict=True):
                labels = {"check": name, "kind": watch.check.kind, "column": watch.check.about}
                gauge = np.full(store.times.size, np.nan)
                gauge[seen] = values[latest[seen]]
                store.add(metric, labels, gauge)
