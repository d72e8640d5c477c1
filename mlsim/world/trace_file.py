"""Files of traces, CSV and Parquet: read a block at a time; what is wrong with them, and where."""

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from mlsim.engine.draws import Floats
from mlsim.errors import Problem, nearest

BLOCK_ROWS = 1 << 17
"""Rows of a block of Parquet; one of CSV has `BLOCK_BYTES`."""
BLOCK_BYTES = 1 << 23


class Flaw(Exception):
    """A value of a file is not what it must be. row: counted from 0; -1 for the file as a whole."""

    def __init__(self, row: int, message: str) -> None:
        super().__init__(message)
        self.row, self.message = row, message

    def within(self, path: Path) -> Problem:
        """The flaw as a problem of a file: with its line in a CSV, its row in a Parquet file."""
        if self.row < 0 or path.suffix == ".parquet":
            row = f"row {self.row + 1}: " if self.row >= 0 else ""
            return Problem(str(path), 0, "", row + self.message)
        return Problem(str(path), _line(path, self.row), "", self.message)


def names(path: Path) -> list[str]:
    """The columns of a file; raises Flaw where it can't be read."""
    if path.suffix == ".parquet":
        with _parquet(path) as file:
            return list(file.schema_arrow.names)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            header = next(csv.reader(file), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, str(error)) from None
    except OSError as error:
        raise Flaw(-1, f"cannot be read: {error.strerror}") from None
    if not header:
        raise Flaw(-1, "must begin with the names of its columns (got nothing)")
    if len(header) == 1 and re.search(r"[;\t|]", header[0]):
        raise Flaw(-1, f"must have commas between its columns (got '{header[0]}')")
    return header


def blocks(path: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows of a file, those columns only; text throughout where it is a CSV."""
    if path.suffix == ".parquet":
        with _parquet(path) as file:
            yield from file.iter_batches(BLOCK_ROWS, columns=list(dict.fromkeys(columns)))
    else:
        yield from _csv_blocks(path, columns)


def _parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise Flaw(-1, f"is no Parquet file that can be read ({error})") from None


def _csv_blocks(path: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    ragged: list[Any] = []

    def refuse(row: Any) -> str:
        ragged.append(row)
        return "error"

    try:
        with pcsv.open_csv(
            path,
            # One thread: only then are the rows that it can't read counted.
            pcsv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
            pcsv.ParseOptions(invalid_row_handler=refuse),
            pcsv.ConvertOptions(
                include_columns=list(dict.fromkeys(columns)),
                column_types=dict.fromkeys(columns, pa.string()),
            ),
        ) as reader:
            yield from reader
    except pa.ArrowInvalid as error:
        if not ragged:
            raise _unreadable(path, str(error)) from None
        row = ragged[0]
        message = f"must have {row.expected_columns} columns (got {row.actual_columns})"
        raise Flaw(-1 if row.number is None else row.number - 2, message) from None


def _unreadable(path: Path, why: str) -> Flaw:
    """The first row that is no text, or else why a CSV can't be read."""
    with path.open("rb") as file:
        for row, line in enumerate(filter(bytes.strip, file), -1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return Flaw(row, "is not UTF-8 text")
    return Flaw(-1, f"can't be read: {why}")


def numbers(column: pa.Array, name: str, first: int) -> Floats:
    """A column as numbers, NaN where it says nothing; raises Flaw for what is no number.

    first: the row of the file with which it begins.
    """
    column = _flat(column)
    if pa.types.is_string(column.type):
        column = pc.replace_with_mask(column, pc.equal(column, ""), pa.scalar(None, pa.string()))
    return _cast(column, name, first, "a number")


def seconds(column: pa.Array, name: str, first: int, day_0: float | None) -> Floats:
    """A column as seconds since day 0; raises Flaw for what is no time.

    It holds numbers, or dates with times; those need to know when day 0 is, in seconds since 1970.
    """
    column = _flat(column)
    if pa.types.is_string(column.type) and not _is_number(column):
        column = _dates(column, name, first)
    if pa.types.is_timestamp(column.type):
        if day_0 is None:
            raise Flaw(first, f"{name} holds dates: give the scenario a start")
        moments = column.cast(pa.timestamp("ns")).cast(pa.int64())
        # In whole nanoseconds: a number of 64 bits can't hold them since 1970 and be a fraction.
        times = _floats(pc.subtract(moments, round(1e6 * day_0) * 1000)) / 1e9
    else:
        times = _cast(column, name, first, "a time, in seconds since day 0 or as a date")
    lacking = np.flatnonzero(~np.isfinite(times))
    if lacking.size:
        raise Flaw(first + int(lacking[0]), f"{name} must be a time (got nothing)")
    return times


def codes(column: pa.Array, name: str, first: int, categories: Sequence[str]) -> Floats:
    """A column of words as the numbers of its categories; raises Flaw for an unknown one."""
    words = _flat(column).cast(pa.string())
    found = pc.index_in(words, pa.array(categories, pa.string()))
    unknown = np.flatnonzero(found.is_null().to_numpy(zero_copy_only=False))
    for row in unknown.tolist():
        word = words[row].as_py()
        if word:
            near = nearest(word, categories)
            hint = f" (did you mean '{near}'?)" if near else ""
            known = ", ".join(categories)
            raise Flaw(first + row, f"{name} must be one of {known} (got '{word}'){hint}")
    return _floats(found)


def _flat(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _cast(column: pa.Array, name: str, first: int, wanted: str) -> Floats:
    try:
        return _floats(column.cast(pa.float64()))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        row = next(k for k in range(len(column)) if not _is_number(column[k : k + 1]))
        message = f"{name} must be {wanted} (got '{column[row].as_py()}')"
        raise Flaw(first + row, message) from None


def _floats(column: pa.Array) -> Floats:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=float)


def _is_number(column: pa.Array) -> bool:
    with suppress(pa.ArrowInvalid, pa.ArrowNotImplementedError):
        column[:1].cast(pa.float64())
        return True
    return False


def _dates(column: pa.Array, name: str, first: int) -> pa.Array:
    """Text as moments; one without a time zone is in UTC."""
    kind = pa.timestamp("ns", tz="UTC" if _has_zone(column) else None)
    try:
        return column.cast(kind)
    except pa.ArrowInvalid:
        row = next(k for k in range(len(column)) if not _is_date(column[k : k + 1], kind))
        message = f"{name} must be a time, in seconds since day 0 or as a date"
        raise Flaw(first + row, f"{message} (got '{column[row].as_py()}')") from None


def _has_zone(column: pa.Array) -> bool:
    return not _is_date(column[:1], pa.timestamp("ns"))


def _is_date(column: pa.Array, kind: pa.DataType) -> bool:
    with suppress(pa.ArrowInvalid):
        column.cast(kind)
        return True
    return False


def _line(path: Path, row: int) -> int:
    """The line of a CSV on which a row of data stands, which is not the first nor a blank one."""
    with path.open("rb") as file:
        filled = (number for number, line in enumerate(file, 1) if line.strip())
        for _ in range(row + 1):
            next(filled)
        return next(filled)
