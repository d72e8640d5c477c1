"""The series store as a Parquet file: one column per series, readable by any Parquet reader."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mlsim.telemetry.labels import METRIC_NAME, canonical, series_text
from mlsim.telemetry.store import Series, SeriesStore

ROWS_AT_A_TIME = 16_384
"""Rows of a row group: a group of 500 series is 64 MB while it is written."""


def write_parquet(store: SeriesStore, path: Path) -> None:
    """Write `time_s` and one column per series, counters added up; same store, same bytes.

    A column's metadata hold its labels, and whether it was kept as increments. A scrape that was
    missed is null.
    """
    schema = pa.schema([pa.field("time_s", pa.float64()), *map(_field, store)])
    size = store.times.size
    with pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        use_dictionary=False,
        column_encoding={field.name: _encoding(field) for field in schema},
    ) as writer:
        for first in range(0, size, ROWS_AT_A_TIME):
            last = min(first + ROWS_AT_A_TIME, size)
            columns = [pa.array(store.times[first:last]), *(_column(s, first, last) for s in store)]
            writer.write_table(pa.table(columns, schema=schema))


def _column(series: Series, first: int, last: int) -> pa.Array:
    """Null where a scrape was missed; NaN where there was nothing to tell."""
    missed = None if series.missed is None else series.missed[first:last]
    return pa.array(series.exposed(first, last), mask=missed)


def _field(series: Series) -> pa.Field:
    kind = pa.int64() if series.cumulate else pa.from_numpy_dtype(series.values.dtype)
    metadata = {"labels": json.dumps(dict(series.labels)), "cumulate": json.dumps(series.cumulate)}
    return pa.field(series_text(series.labels), kind, metadata=metadata)


def _encoding(field: pa.Field) -> str:
    """How a column is laid out before it is compressed: counters rise in small steps."""
    return "DELTA_BINARY_PACKED" if pa.types.is_integer(field.type) else "BYTE_STREAM_SPLIT"


def read_parquet(path: Path, metric: str | None = None) -> SeriesStore:
    """The store that `write_parquet` wrote to `path`, or its series of one metric."""
    with pq.ParquetFile(path) as file:
        time, *series = file.schema_arrow
        fields = [field for field in series if metric in (None, _labels(field)[METRIC_NAME])]
        (times, _), *columns = _columns(file, [time, *fields])
    store = SeriesStore(times)
    for field, (values, missed) in zip(fields, columns, strict=True):
        gaps = missed if missed.any() else None
        store.keep(Series(canonical(_labels(field)), values, _was_increments(field), gaps))
    return store


def _labels(field: pa.Field) -> dict[str, str]:
    labels: dict[str, str] = json.loads(field.metadata[b"labels"])
    return labels


def _columns(
    file: pq.ParquetFile, fields: Sequence[pa.Field]
) -> list[tuple[npt.NDArray[np.number], npt.NDArray[np.bool_]]]:
    """Columns and what they lack, counters as increments, a row group at a time."""
    size, names = file.metadata.num_rows, [field.name for field in fields]
    kept = [
        np.empty(size, np.int32 if _was_increments(f) else f.type.to_pandas_dtype()) for f in fields
    ]
    missed = [np.zeros(size, np.bool_) for _ in fields]
    reached = [0] * len(fields)
    row = 0
    for group in range(file.num_row_groups):
        table = file.read_row_group(group, columns=names)
        end = row + table.num_rows
        for place, (field, target) in enumerate(zip(fields, kept, strict=True)):
            column = table.column(place)
            missed[place][row:end] = column.is_null().to_numpy()
            values = pc.fill_null(pc.fill_null_forward(column), reached[place]).to_numpy()
            if _was_increments(field):  # what a gap hides comes in one after it
                target[row:end] = np.diff(values, prepend=reached[place])
                reached[place] = values[-1]
            else:
                target[row:end] = values
        row = end
    return list(zip(kept, missed, strict=True))


def _was_increments(field: pa.Field) -> bool:
    return bool(json.loads((field.metadata or {}).get(b"cumulate", "false")))
