"""The series store as a Parquet file: one column per series, readable by any Parquet reader."""

import json
from pathlib import Path

import numpy as np
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
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=False) as writer:
        for first in range(0, size, ROWS_AT_A_TIME):
            last = min(first + ROWS_AT_A_TIME, size)
            columns = [store.times[first:last], *(s.read(first, last) for s in store)]
            writer.write_table(pa.table([pa.array(c) for c in columns], schema=schema))


def _field(series: Series) -> pa.Field:
    kind = pa.int64() if series.cumulate else pa.from_numpy_dtype(series.values.dtype)
    metadata = {"labels": json.dumps(dict(series.labels)), "cumulate": json.dumps(series.cumulate)}
    return pa.field(series_text(series.labels), kind, metadata=metadata)


def read_parquet(path: Path) -> SeriesStore:
    """The store that `write_parquet` wrote to `path`."""
    file = pq.ParquetFile(path)
    store = SeriesStore(file.read(columns=["time_s"])["time_s"].to_numpy())
    table = file.read()
    for field in list(file.schema_arrow)[1:]:
        labels = json.loads(field.metadata[b"labels"])
        values = table[field.name].to_numpy()
        name = labels.pop(METRIC_NAME)
        if json.loads(field.metadata[b"cumulate"]):
            store.add_increments(name, labels, np.diff(values, prepend=0))
        else:
            store.add(name, labels, values)
    return store
