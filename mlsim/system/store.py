"""store: a feature store, where columns of a person are looked up that a batch job has made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mlsim.engine import draws
from mlsim.engine.columns import Column
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import ColumnName
from mlsim.system.base import Inbox, component_kind
from mlsim.system.server import Served

if TYPE_CHECKING:
    from mlsim.system.simulation import System


@dataclass(frozen=True)
class Snapshot:
    """What a job has written at once; it is never changed, only followed by the next.

    number: 1, 2, ... in the order of writing; 0 for none yet. due: when its run was to start.
    written_at: when it came into force; both in seconds. columns: float64[people], by name.
    touched: bool[people], for whom a fault has had its hand in it.
    """

    number: int
    due: float
    written_at: float
    columns: Mapping[str, Column]
    touched: NDArray[np.bool_]


EMPTY = Snapshot(0, -np.inf, np.nan, MappingProxyType({}), np.zeros(0, bool))
"""What is in a store to which nobody has written."""


@dataclass(frozen=True)
class Shelf:
    """A store as it is now; two are alike that look up alike, whatever stands in them.

    wrong_key: the stream that gives each person somebody else's number; None for the right key.
    overdue: whether there would be a newer snapshot, but for a fault.
    """

    wrong_key: np.uint64 | None = None
    snapshot: Snapshot = field(default=EMPTY, compare=False)
    overdue: bool = field(default=False, compare=False)

    def with_snapshot(self, snapshot: Snapshot) -> "Shelf":
        """The same store when a job has written to it."""
        return replace(self, snapshot=snapshot, overdue=False)

    def looked_up(self, people: NDArray[np.int64]) -> NDArray[np.int64]:
        """Whose entries are found for `people`, int64[n]."""
        if self.wrong_key is None:
            return people
        size = self.snapshot.touched.size
        return np.floor(draws.uniform(self.wrong_key, people) * size).astype(np.int64)


@component_kind("store")
class Store(Served):
    """A feature store: each request takes along what the newest snapshot says of its person.

    Snapshots are written by a batch job; until the first one is there, all columns are missing.
    Reading always succeeds, however old the snapshot is: only `store_age_seconds` tells. Source:
    Kaestner on feature stores and stale snapshots; Huyen, Designing Machine Learning Systems
    (2022), on batch features.
    """

    example: ClassVar[str] = """
        kind: store
        columns: [visits, usual_heart_rate]
        workers: 16
        service_time: lognormal(mean=4ms, cv=0.5)
    """

    kind: Literal["store"] = "store"
    columns: tuple[ColumnName, ...] = Field(min_length=1)
    """What is known of each person; a batch job makes them."""

    def outputs(self, name: str) -> Iterable[str]:
        return self.columns

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        for load, spec in scenario.load.items():
            if not spec.of:
                message = f"needs to know whose requests they are: give load.{load} `of: person`"
                yield (), message, ""
        jobs = [spec for spec in scenario.system.values() if spec.kind == "batch_job"]
        if not any(job.store == name for job in jobs) and scenario.is_read("system"):
            yield (), "needs a batch_job that writes to it", ""

    def first_settings(self, system: "System", name: str) -> Shelf:
        return Shelf()

    def touched(self, settings: Shelf, rows: Inbox, column: str) -> NDArray[np.bool_] | bool:
        if settings.overdue or settings.wrong_key is not None:
            return True
        if not settings.snapshot.number:
            return False
        return settings.snapshot.touched[rows.people]

    def compute(self, settings: Shelf, rows: Inbox, column: str) -> Column:
        if not settings.snapshot.number:
            return np.full(rows.people.shape, np.nan)
        return settings.snapshot.columns[column][settings.looked_up(rows.people)]
