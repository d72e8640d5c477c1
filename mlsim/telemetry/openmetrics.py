"""The series store as OpenMetrics text, from which Prometheus's promtool makes a real database."""

from pathlib import Path
from typing import TextIO

import numpy as np

from mlsim.telemetry.labels import series_text
from mlsim.telemetry.store import Series, SeriesStore


def write_openmetrics(store: SeriesStore, path: Path) -> None:
    """Write every sample with its time; times count from day 0, so Prometheus puts them in 1970.

    Read it with `promtool tsdb create-blocks-from openmetrics PATH DIRECTORY`.
    """
    with path.open("w", encoding="utf-8") as file:
        for series in sorted(store, key=lambda series: series_text(series.labels)):
            _write_series(file, series, store)
        file.write("# EOF\n")


def _write_series(file: TextIO, series: Series, store: SeriesStore) -> None:
    text = series_text(series.labels)
    values = series.read(0, store.times.size)
    file.writelines(
        f"{text} {value!r} {time!r}\n"
        for time, value in zip(store.times.tolist(), values.tolist(), strict=True)
        if not np.isnan(value)
    )
