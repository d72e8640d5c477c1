"""A table of many rows as a Parquet file, in memory or on disk, read when somebody asks for it."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

ROWS_AT_A_TIME = 1 << 17
"""Rows of a row group."""


@dataclass(frozen=True)
class Table:
    """Rows that would be large as a DataFrame; compressed, they go well between processes.

    content: the bytes of a Parquet file, or where it lies.

    >>> Table.of({"request": np.array([7, 8]), "ok": np.array([True, False])}).frame()[
    ...     "ok"
    ... ].tolist()
    [True, False]
    """

    content: bytes | Path

    @classmethod
    def of(
        cls,
        columns: Mapping[str, NDArray[Any]],
        categories: Mapping[str, Sequence[str]] | None = None,
    ) -> "Table":
        """Columns of one length; those in `categories` hold places in a list of names."""
        names = categories or {}
        arrays = {
            column: _category(values, names[column]) if column in names else pa.array(values)
            for column, values in columns.items()
        }
        target = io.BytesIO()
        pq.write_table(pa.table(arrays), target, compression="zstd", row_group_size=ROWS_AT_A_TIME)
        return cls(target.getvalue())

    def frame(self) -> pd.DataFrame:
        """All rows; names of a few kinds, as of components, are categorical."""
        source = self.content if isinstance(self.content, Path) else io.BytesIO(self.content)
        frame: pd.DataFrame = pq.read_table(source).to_pandas()
        return frame

    def save(self, path: Path) -> None:
        """Write the file to `path`."""
        content = self.content
        path.write_bytes(content if isinstance(content, bytes) else content.read_bytes())


def _category(codes: NDArray[Any], names: Sequence[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(codes.astype(np.int32), pa.array(names, pa.string()))
