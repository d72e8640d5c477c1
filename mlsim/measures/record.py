"""What is kept of one simulated world."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from mlsim.measures.damage import Totals
from mlsim.measures.footprint import BlastRadius
from mlsim.measures.table import Table
from mlsim.telemetry.store import SeriesStore


@dataclass(frozen=True)
class Record:
    """One world of a run, after it has been simulated and judged.

    world: `twin`, `all` or the name of the fault that is alone in it. faults: those that began.
    store: its series. alerts: what its rules gave (see `mlsim.monitoring.judging.Alert`).
    actions: what acting rules called (see `mlsim.monitoring.acting.Call`).
    totals: outcomes in cells of `step` seconds from day 0. requests: how many ended how, from day
    0.
    components, models: one row each. states: state, value and since when (time_s, in seconds), for
    each value that a state of the world has had. radius: what its faults have touched, None without
    a fault.
    tables: what was kept of single requests, visits and rows (see `mlsim.studies.recording`).
    """

    world: str
    faults: tuple[str, ...]
    store: SeriesStore
    alerts: pd.DataFrame
    actions: pd.DataFrame
    totals: Totals
    step: float
    requests: dict[str, int]
    components: list[dict[str, Any]]
    models: pd.DataFrame
    states: pd.DataFrame
    radius: BlastRadius | None
    warnings: tuple[str, ...] = field(default=())
    tables: Mapping[str, Table] = field(default_factory=dict)

    @property
    def fired(self) -> pd.DataFrame:
        """Its alerts that fired, and weren't pending alone."""
        return self.alerts.dropna(subset=["firing_s"])
