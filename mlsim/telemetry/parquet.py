"""The series store as a Parquet file: one column per series, readable by any Parquet reader."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from mlsim.telemetry.labels import METRIC_NAME, series_text
from mlsim.telemetry.store import Series, SeriesStore

ROWS_AT_A_TIME = 16_384
"""Rows of a row group: a group of 500 series is 64 MB while it is written."""


def write_parquet(store: SeriesStore, path: Path) -> None:
    """Write `time_s` and one column per series, counters added up; same store, same bytes.

    A column's metadata hold its labels, and whether it was kept as increments.
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
            columns = [store.times[first:last], *(s.read(first, last) for s in store)]
            writer.write_table(pa.table([pa.array(c) for c in columns], schema=schema))


def _field(series: Series) -> pa.Field:
    kind = pa.int64() if series.cumulate else pa.from_numpy_dtype(series.values.dtype)
    metadata = {"labels": json.dumps(dict(series.labels)), "cumulate": json.dumps(series.cumulate)}
    return pa.field(series_text(series.labels), kind, metadata=metadata)


def _encoding(field: pa.Field) -> str:
    """How a column is laid out before it is compressed: counters rise in small steps."""
    return "DELTA_BINARY_PACKED" if pa.types.is_integer(field.type) else "BYTE_STREAM_SPLIT"


def read_parquet(path: Path) -> SeriesStore:
    """The store that `write_parquet` wrote to `path`."""
    with pq.ParquetFile(path) as file:
        times, *columns = _columns(file)
        fields = list(file.schema_arrow)[1:]
    store = SeriesStore(times)
    for field, values in zip(fields, columns, strict=True):
        labels = json.loads(field.metadata[b"labels"])
        add = store.add_increments if _was_increments(field) else store.add
        add(labels.pop(METRIC_NAME), labels, values)
    return store


def _columns(file: pq.ParquetFile) -> list[npt.NDArray[np.number]]:
    """All columns, counters as the increments that they were, a row group at a time."""
    size, fields = file.metadata.num_rows, list(file.schema_arrow)
    kept = [
        np.empty(size, np.int32 if _was_increments(f) else f.type.to_pandas_dtype()) for f in fields
    ]
    reached = [0] * len(fields)
    row = 0
    for group in range(file.num_row_groups):
        table = file.read_row_group(group)
        for place, (field, target) in enumerate(zip(fields, kept, strict=True)):
            values = table.column(place).to_numpy()
            end = row + values.size
            if _was_increments(field):
                target[row:end] = np.diff(values, prepend=reached[place])
                reached[place] = values[-1]
            else:
                target[row:end] = values
        row += table.num_rows
    return kept


def _was_increments(field: pa.Field) -> bool:
    return bool(json.loads((field.metadata or {}).get(b"cumulate", "false")))
