"""What a fault changed of all that monitors could have seen: against its twin, in numbers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlsim.measures.findings import Findings
from mlsim.measures.record import Record
from mlsim.monitoring.checks.base import ColumnCheck
from mlsim.monitoring.checks.runner import CHECK_METRICS
from mlsim.monitoring.promql.vector import Floats
from mlsim.report.wording import number, percent
from mlsim.studies.recorded_rows import KNOWN, LABEL
from mlsim.system.collector import Collector
from mlsim.telemetry.labels import METRIC_NAME, series_text
from mlsim.telemetry.store import Series, SeriesStore

HOUR = 3600.0
PLAIN = 4.0
"""Standard deviations of an ordinary hour by which something has to move to be told."""
TOLD = 2
"""Of what moved, as many are told."""
NOT_DATA = ("collector", "request", "time_s")


@dataclass(frozen=True)
class _Signal:
    """Something that could be watched, by the hour from day 0 on, with and without the fault.

    words: a sentence with two gaps. here, there: float64[hours], NaN for an hour without a value.
    """

    words: str
    unit: Callable[[float], str]
    here: Floats
    there: Floats


def what_moved(run: Findings, fault: str, watched: tuple[float, float]) -> Iterator[str]:
    """What would have shown the fault best: of columns that reached collectors, and of series."""
    if run.twin is None:
        return
    alone, twin = run.alone(fault), run.twin
    signals = [*_columns(alone, twin, run.scenario.horizon), *_series(alone, twin)]
    hours = slice(*(int(second // HOUR) for second in watched))
    strengths = [_strength(signal, hours) for signal in signals]
    plain = [k for k in np.argsort(strengths)[::-1] if strengths[k] >= PLAIN]
    for k in plain[:TOLD]:
        here, there = (float(np.nanmean(s[hours])) for s in (signals[k].here, signals[k].there))
        unit = signals[k].unit
        yield f"What moved: {signals[k].words.format(unit(here), unit(there))}."
    if not plain:
        yield "Nothing that reaches a monitor moved beyond what an ordinary day does to it."


def changed_values(run: Findings, fault: str, check: ColumnCheck) -> Floats:
    """The values of a check's column that reached its collector otherwise than in the twin."""
    collectors = [n for n, spec in run.scenario.system.items() if isinstance(spec, Collector)]
    here = _rows(run.alone(fault), check.source or collectors[0])
    if run.twin is None or check.column not in here:
        return np.empty(0)
    there = _rows(run.twin, check.source or collectors[0])
    columns = ["request", check.column]
    both = here[columns].merge(there[columns], on="request", suffixes=("", "/twin"))
    own, twin = both[check.column].astype(float), both[f"{check.column}/twin"].astype(float)
    differs = (own != twin) & ~(own.isna() & twin.isna())
    return np.asarray(own[differs], dtype=np.float64)


def _rows(record: Record, collector: str) -> pd.DataFrame:
    rows = record.tables["rows"].frame()
    return rows[rows["collector"] == collector]


def _columns(alone: Record, twin: Record, horizon: float) -> Iterator[_Signal]:
    """Of each column of the rows: its mean, its spread, and how much of it is missing."""
    both = [_Hourly(record.tables["rows"].frame(), horizon) for record in (alone, twin)]
    for name in both[0].rows.columns.intersection(both[1].rows.columns):
        if name not in NOT_DATA and not name.startswith((LABEL, KNOWN)):
            mean, spread, missing = zip(*(hourly.of(name) for hourly in both), strict=True)
            yield _Signal(f"the mean of {name} was {{}} instead of {{}}", number, *mean)
            words = f"{name} had a standard deviation of {{}} instead of {{}}"
            yield _Signal(words, number, *spread)
            words = f"{name} was missing in {{}} of the rows instead of {{}}"
            yield _Signal(words, percent, *missing)


class _Hourly:
    """Rows from day 0 to the horizon, and the hour of each."""

    def __init__(self, rows: pd.DataFrame, horizon: float):
        self._hours = int(horizon // HOUR)
        hour = np.floor(np.asarray(rows["time_s"]) / HOUR)
        within = (hour >= 0) & (hour < self._hours)
        self.rows, self._hour = rows[within], hour[within].astype(int)

    def of(self, column: str) -> tuple[Floats, Floats, Floats]:
        """A column's mean and standard deviation in each hour, and how much of it is missing."""
        values = np.asarray(self.rows[column].astype(float))
        means = self._means(values)
        variance = self._means((values - means[self._hour]) ** 2)
        return means, np.sqrt(variance), self._means(np.isnan(values).astype(float))

    def _means(self, values: Floats) -> Floats:
        return _means(self._hour, values, self._hours)


def _means(cells: NDArray[np.int64], values: Floats, n: int) -> Floats:
    """The mean of each of n cells, NaN without a value; of equal values, theirs to the last bit.

    >>> _means(np.array([0, 0, 0, 2]), np.array([0.1, 0.1, 0.1, 3.0]), 3)
    array([0.1, nan, 3. ])
    """
    known = ~np.isnan(values)
    cells, values = cells[known], values[known]
    origin = np.zeros(n)
    origin[cells] = values
    counts = np.bincount(cells, minlength=n)
    sums = np.bincount(cells, values - origin[cells], minlength=n)
    means: Floats = origin + np.divide(sums, counts, out=np.full(n, np.nan), where=counts > 0)
    return means


def _series(alone: Record, twin: Record) -> Iterator[_Signal]:
    """Gauges as they stood, counters as they grew; not checks, which look at columns."""
    known = {series.labels: series for series in twin.store}
    for series in alone.store:
        name = dict(series.labels)[METRIC_NAME]
        if name in CHECK_METRICS or name.endswith("_bucket") or series.labels not in known:
            continue
        growth = " grew by {} an hour" if _is_counter(series) else " was {}"
        here, there = (_by_hour(s, alone.store) for s in (series, known[series.labels]))
        text = series_text(series.labels).replace("{", "{{").replace("}", "}}")
        yield _Signal(f"{text}{growth} instead of {{}}", number, here, there)


def _is_counter(series: Series) -> bool:
    return series.cumulate or dict(series.labels)[METRIC_NAME].endswith(("_total", "_sum"))


def _by_hour(series: Series, store: SeriesStore) -> Floats:
    """Mean of a gauge, or growth of a counter, in each hour from day 0 on."""
    values = series.values.astype(float)
    if _is_counter(series) and not series.cumulate:
        values = np.diff(values, prepend=values[:1])
    hour, hours = np.floor(store.times / HOUR).astype(int), int(store.times[-1] // HOUR)
    within = (hour >= 0) & (hour < hours)
    hour, values = hour[within], values[within]
    if _is_counter(series):
        return np.bincount(hour, np.nan_to_num(values), minlength=hours).astype(np.float64)
    return _means(hour, values, hours)


def _strength(signal: _Signal, hours: slice) -> float:
    """How far the two are apart while it lasted, in standard deviations of an ordinary hour."""
    apart = signal.here[hours] - signal.there[hours]
    if not np.isfinite(apart).any():
        return 0.0
    return abs(float(np.nanmean(apart))) / (_unrest(signal.there) or 1e-9)


def _unrest(hourly: Floats) -> float:
    """The standard deviation of an hour, apart from what its time of day explains."""
    clock = np.arange(hourly.size) % 24
    apart = hourly - _means(clock, hourly, 24)[clock]
    return float(np.std(apart[~np.isnan(apart)]))
