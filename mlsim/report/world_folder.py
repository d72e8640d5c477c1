"""One world of a run on disk: its series, its outcomes, its tables, and what was counted in it.

Worlds share most of their series: a fault that changes what requests carry leaves alone how they
move. A world keeps only those series that another world, its base, doesn't have just so.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mlsim.measures.damage import Totals
from mlsim.measures.footprint import BlastRadius, Trace
from mlsim.measures.record import Record
from mlsim.measures.summary import plain
from mlsim.measures.table import Table
from mlsim.telemetry.labels import series_text
from mlsim.telemetry.parquet import read_parquet, write_parquet
from mlsim.telemetry.store import Series, SeriesStore

TELEMETRY, TOTALS, WORLD = "telemetry.parquet", "outcomes_by_minute.parquet", "world.json"
TABLES = ("requests", "visits", "rows")


def write_world(record: Record, folder: Path, base: SeriesStore | None = None) -> None:
    """Write all of a record but its alerts into a folder that exists."""
    write_parquet(_differing(record.store, base) if base else record.store, folder / TELEMETRY)
    table_of(record.totals, record.step).save(folder / TOTALS)
    for name, table in record.tables.items():
        table.save(folder / f"{name}.parquet")
    content = plain(
        {
            "world": record.world,
            "faults": record.faults,
            "step_s": record.step,
            "series": [series_text(series.labels) for series in record.store],
            "requests": record.requests,
            "actions": _split(record.actions),
            "components": record.components,
            "models": _split(record.models),
            "states": _split(record.states),
            "radius": _radius(record.radius),
            "warnings": record.warnings,
        }
    )
    (folder / WORLD).write_text(json.dumps(content) + "\n", encoding="utf-8")


def read_world(folder: Path, alerts: pd.DataFrame, base: SeriesStore | None = None) -> Record:
    """The record that was written on the same base, with the alerts of its world.

    Its tables stay on disk until somebody asks. Raises OSError, ValueError or KeyError where the
    folder isn't complete.
    """
    for name in (TELEMETRY, TOTALS):
        (folder / name).stat()  # Arrow's own error has no file name.
    content = json.loads((folder / WORLD).read_text(encoding="utf-8"))
    totals = Table(folder / TOTALS).frame().drop(columns="time_s")
    tables = {name: folder / f"{name}.parquet" for name in TABLES}
    return Record(
        world=content["world"],
        faults=tuple(content["faults"]),
        store=_completed(read_parquet(folder / TELEMETRY), base, content["series"]),
        alerts=alerts,
        actions=_joined(content["actions"]),
        totals={str(name): totals[name].to_numpy() for name in totals},
        step=content["step_s"],
        requests=content["requests"],
        components=_rows(content["components"]),
        models=_joined(content["models"]),
        states=_states(content),
        radius=_read_radius(content["radius"]),
        warnings=tuple(content["warnings"]),
        tables={name: Table(path) for name, path in tables.items() if path.is_file()},
    )


def read_states(folder: Path) -> pd.DataFrame:
    """The states of the world that was written to a folder; raises OSError if there is none."""
    return _states(json.loads((folder / WORLD).read_text(encoding="utf-8")))


def _states(content: Mapping[str, Any]) -> pd.DataFrame:
    """Older folders have none."""
    return _joined(content.get("states", {"columns": ["state", "time_s", "value"], "data": []}))


def _differing(store: SeriesStore, base: SeriesStore) -> SeriesStore:
    """The series that `base` hasn't, or not with the same samples."""
    others = {series.labels: series for series in base}
    rest = SeriesStore(store.times)
    for series in store:
        other = others.get(series.labels)
        if other is None or not _same_samples(series, other):
            rest.keep(series)
    return rest


def _same_samples(one: Series, other: Series) -> bool:
    """Whether they have the same type, samples and gaps; NaN is a sample missing in both."""
    kind = one.values.dtype
    return (
        (one.cumulate, kind) == (other.cumulate, other.values.dtype)
        and np.array_equal(one.values, other.values, equal_nan=kind.kind == "f")
        and np.array_equal(_gaps(one), _gaps(other))
    )


def _gaps(series: Series) -> np.ndarray:
    return np.flatnonzero(series.missed) if series.missed is not None else np.empty(0, np.intp)


def _completed(own: SeriesStore, base: SeriesStore | None, names: Sequence[str]) -> SeriesStore:
    """The named series in their order: a world's own, and those that it shares with its base."""
    known = {series_text(series.labels): series for store in (base or (), own) for series in store}
    store = SeriesStore(own.times)
    for name in names:
        store.keep(known[name])
    return store


def table_of(totals: Totals, step: float) -> Table:
    """Totals as a table with `time_s`, when each cell ended, in seconds."""
    cells = max((cells.size for cells in totals.values()), default=0)
    return Table.of({"time_s": step * np.arange(1, cells + 1), **totals})


def _split(frame: pd.DataFrame) -> dict[str, Any]:
    """A small DataFrame as lists: columns, and rows."""
    return {"columns": list(frame), "data": frame.to_numpy(dtype=object).tolist()}


def _joined(content: Mapping[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(content["data"], columns=content["columns"])
    for name in frame:
        # JSON has no NaN: what is a number or missing in all rows was a number.
        if all(one is None or isinstance(one, int | float) for one in frame[name]):
            frame[name] = pd.to_numeric(frame[name])
    return frame


def _rows(content: Any) -> list[dict[str, Any]]:
    """Rows as they stand there; older folders have them as columns and data."""
    if isinstance(content, list):
        return content
    return [dict(zip(content["columns"], row, strict=True)) for row in content["data"]]


def _radius(radius: BlastRadius | None) -> dict[str, Any] | None:
    if radius is None:
        return None
    return {
        **vars(radius),
        "total": vars(radius.total),
        "components": _split(radius.components),
        "models": _split(radius.models),
        "first_rows": _split(radius.first_rows),
    }


def _read_radius(content: Mapping[str, Any] | None) -> BlastRadius | None:
    if content is None:
        return None
    total: dict[str, Any] = {
        name: np.nan if value is None else value for name, value in content["total"].items()
    }
    return BlastRadius(
        total=Trace(**total),
        people=content["people"],
        days=content["days"],
        components=_joined(content["components"]),
        models=_joined(content["models"]),
        first_rows=_joined(content["first_rows"]),
    )
