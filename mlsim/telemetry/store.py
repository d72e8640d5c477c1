"""The series of a run, after the fact: what a Prometheus server would have scraped."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mlsim.telemetry.labels import METRIC_NAME, Labels, Matcher, canonical, series_text

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

REPORTED_BY_OTHERS = ("deployed_version",)
"""Metrics about a component that don't come from itself."""


@dataclass(frozen=True)
class Block:
    """Series that were sampled at the same instants, without gaps.

    times: float64[T], seconds since day 0, increasing.
    labels: of the n series, `__name__` among them.
    values: float64[n, T].
    stale: bool[T], true where Prometheus would have written a staleness marker; None for nowhere.
    """

    times: Floats
    labels: Sequence[Labels]
    values: Floats
    stale: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Series:
    """One stored series: `values` as given, to be added up over time where `cumulate` is set.

    missed: bool[T], scrapes that brought nothing; None if there are none.
    """

    labels: Labels
    values: npt.NDArray[np.number]
    cumulate: bool = False
    missed: npt.NDArray[np.bool_] | None = None

    def read(self, first: int, last: int) -> npt.NDArray[np.number]:
        """Samples `first` (inclusive) to `last` (exclusive) of the scrape grid; NaN for none."""
        whole = self.exposed(first, last)
        return whole if self.missed is None else np.where(self.missed[first:last], np.nan, whole)

    def stale(self, first: int, last: int) -> npt.NDArray[np.bool_]:
        """Where there is a marker of staleness: at the first of each run of missed scrapes."""
        if self.missed is None:
            return np.zeros(last - first, np.bool_)
        before = np.append(True, self.missed[:-1])  # what was never there can't go stale
        return np.asarray(self.missed & ~before)[first:last]

    def exposed(self, first: int, last: int) -> npt.NDArray[np.number]:
        """What the component had to tell at the scrapes, whether or not it was asked."""
        if not self.cumulate:
            return self.values[first:last]
        before = int(self.values[:first].sum(dtype=np.int64))
        within: npt.NDArray[np.int64] = np.cumsum(self.values[first:last], dtype=np.int64)
        return within + before


class SeriesStore:
    """Many series on one scrape grid, in the form in which they are cheapest to keep.

    times: float64[T], the instants of the scrapes in seconds since day 0, strictly increasing.

    Counters and histograms may come as increments per grid cell (int32, four bytes a sample); they
    are added up when they are read, and become float64 only then and only for the series selected.
    NaN in a gauge means that there was no sample; the next instant is then served by the lookback.
    A scrape that was missed leaves no sample either, but a marker of staleness, which ends that.

    >>> store = SeriesStore(np.array([0.0, 30.0, 60.0]))
    >>> store.add_increments("requests_total", {"component": "gateway"}, np.array([3, 0, 2]))
    >>> store.select([Matcher("__name__", "=", "requests_total")])[0].values
    array([[3., 3., 5.]])
    """

    def __init__(self, times: npt.ArrayLike) -> None:
        self.times: Floats = np.asarray(times, dtype=np.float64)
        if self.times.ndim != 1 or not bool(np.all(np.diff(self.times) > 0)):
            raise ValueError("the instants of the scrapes must be one increasing sequence")
        self._series: dict[Labels, Series] = {}
        self._by_name: dict[str, list[Series]] = defaultdict(list)

    def __len__(self) -> int:
        return len(self._series)

    def names(self) -> list[str]:
        """The names of the metrics, sorted."""
        return sorted(self._by_name)

    def add(self, name: str, labels: Mapping[str, str], values: npt.ArrayLike) -> None:
        """Add a gauge, or a counter that is already added up: [T], NaN where there is no sample."""
        self._keep(name, labels, np.asarray(values), cumulate=False)

    def add_increments(self, name: str, labels: Mapping[str, str], values: npt.ArrayLike) -> None:
        """Add a counter by what each grid cell adds to it: integers[T]."""
        increments = np.asarray(values)
        if not np.issubdtype(increments.dtype, np.integer):
            raise ValueError(f"{name}: increments must be integers (got {increments.dtype})")
        if increments.size and int(increments.max()) > np.iinfo(np.int32).max:
            raise ValueError(f"{name}: more than {np.iinfo(np.int32).max} events in one grid cell")
        self._keep(name, labels, increments.astype(np.int32), cumulate=True)

    def add_histogram(
        self,
        name: str,
        labels: Mapping[str, str],
        bounds: Sequence[float],
        increments: npt.ArrayLike,
        sums: npt.ArrayLike,
    ) -> None:
        """Add a histogram as the metrics that `parts_of_histogram` names.

        bounds: upper bounds of the buckets, increasing, without the last one (+Inf).
        increments: integers[T, len(bounds) + 1], observations per grid cell and bucket.
        sums: float[T], sum of the values observed in each grid cell.
        """
        bucket, total, count = parts_of_histogram(name)
        at_most = np.cumsum(np.asarray(increments), axis=1, dtype=np.int64)
        for column, bound in enumerate([*bounds, np.inf]):
            le = "+Inf" if np.isinf(bound) else str(float(bound)).removesuffix(".0")
            self.add_increments(bucket, {**labels, "le": le}, at_most[:, column])
        self.add(total, labels, np.cumsum(np.asarray(sums, dtype=np.float64)))
        self.add_increments(count, labels, at_most[:, -1])

    def _keep(
        self, name: str, labels: Mapping[str, str], values: npt.NDArray[np.number], cumulate: bool
    ) -> None:
        self.keep(Series(canonical({**labels, METRIC_NAME: name}), values, cumulate))

    def keep(self, series: Series) -> None:
        """Add a series as another store on the same grid has it."""
        key, values = series.labels, series.values
        if values.shape != self.times.shape:
            raise ValueError(
                f"{series_text(key)}: needs {self.times.size} samples (got {values.shape})"
            )
        if key in self._series:
            raise ValueError(f"{series_text(key)}: is in the store already")
        self._series[key] = series
        self._by_name[dict(key)[METRIC_NAME]].append(series)

    def miss(self, target: Matcher, missed: npt.NDArray[np.bool_]) -> None:
        """Some scrapes of a target, bool[T], fail: `up` is 0, and its other series have gaps."""
        if not missed.any():
            return
        for key, series in self._series.items():
            if target.matches(key) and dict(key)[METRIC_NAME] not in REPORTED_BY_OTHERS:
                self._replace(_missed(series, missed))

    def _replace(self, series: Series) -> None:
        named = self._by_name[dict(series.labels)[METRIC_NAME]]
        named[named.index(self._series[series.labels])] = series
        self._series[series.labels] = series

    def __iter__(self) -> Iterator[Series]:
        return iter(self._series.values())

    def select(
        self, matchers: Sequence[Matcher], start: float = -np.inf, end: float = np.inf
    ) -> list[Block]:
        """The samples with start <= time <= end of the series that fulfil all matchers.

        Series with the same gaps share a block; series without a sample in that time are left out.
        """
        first, last = np.searchsorted(self.times, [start, np.nextafter(end, np.inf)]).tolist()
        alike: dict[tuple[bytes, bytes], list[tuple[Labels, Floats]]] = defaultdict(list)
        for series in self._matching(matchers):
            values = series.read(first, last).astype(np.float64, copy=False)
            gaps = np.isnan(values).tobytes(), series.stale(first, last).tobytes()
            alike[gaps].append((series.labels, values))
        times = self.times[first:last]
        blocks = (_dense(times, *gaps, members) for gaps, members in alike.items())
        return [block for block in blocks if block.times.size]

    def _matching(self, matchers: Sequence[Matcher]) -> list[Series]:
        names = [m.value for m in matchers if m.label == METRIC_NAME and m.operator == "="]
        candidates = self._by_name.get(names[0], []) if names else list(self._series.values())
        return [s for s in candidates if all(m.matches(s.labels) for m in matchers)]

    def to_frame(self) -> "pd.DataFrame":
        """All series as columns `name{label="value"}`, over `time_s`; counters added up."""
        import pandas as pd  # here, since validation needs none and it takes a third of a second

        whole = (0, self.times.size)
        columns = {series_text(s.labels): s.read(*whole) for s in self._series.values()}
        return pd.DataFrame(columns, index=pd.Index(self.times, name="time_s"))


def parts_of_histogram(name: str) -> tuple[str, str, str]:
    """The metrics that make up a histogram: cumulated buckets, the sum, and the count.

    >>> parts_of_histogram("wait_seconds")
    ('wait_seconds_bucket', 'wait_seconds_sum', 'wait_seconds_count')
    """
    return f"{name}_bucket", f"{name}_sum", f"{name}_count"


def _missed(series: Series, missed: npt.NDArray[np.bool_]) -> Series:
    if dict(series.labels)[METRIC_NAME] == "up":
        return replace(series, values=np.where(missed, series.values * 0.0, series.values))
    return replace(series, missed=missed)


def _dense(times: Floats, gaps: bytes, ends: bytes, members: list[tuple[Labels, Floats]]) -> Block:
    labels = [labels for labels, _ in members]
    values = np.array([values for _, values in members])
    missing, stale = (np.frombuffer(mask, dtype=np.bool_) for mask in (gaps, ends))
    kept = ~missing | stale
    if not kept.all():
        times, values = times[kept], values[:, kept]
    return Block(times, labels, values, stale[kept] if stale.any() else None)
