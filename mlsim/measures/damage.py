"""Damage: the outcomes of a world with a fault, minus those of its twin without it.

Both worlds have the same people with the same luck, so the difference is exact for this seed: there
is no noise of two samples in it.
"""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlsim.scenario.spec import Outcome

DAY = 86400.0
Totals = dict[str, NDArray[np.float64]]


def by_day(totals: Totals, step: float) -> dict[str, NDArray[np.float64]]:
    """Outcomes per simulated day, float64[days], from cells of `step` seconds."""
    per_day = {}
    for name, cells in totals.items():
        day = np.floor(np.arange(cells.size) * step / DAY).astype(np.int64)
        per_day[name] = np.bincount(day, cells).astype(float)
    return per_day


def until(cells: NDArray[np.float64], step: float, time: float) -> float:
    """What had come together by `time`, in seconds; of the cell into which that falls, its share.

    inf is the whole run.
    """
    over = min(time / step, float(cells.size))
    whole = math.floor(over)
    return float(cells[:whole].sum() + (over - whole) * cells[whole : whole + 1].sum())


def outcomes_by_day(
    world: str, totals: Totals, twin: Totals | None, outcomes: dict[str, Outcome], step: float
) -> pd.DataFrame:
    """One row per outcome and day: run, twin, their difference and what it cost."""
    own, other = by_day(totals, step), by_day(twin, step) if twin else None
    frames = []
    for name, outcome in outcomes.items():
        run = own[name]
        base = other[name] if other else np.full(run.size, np.nan)
        price = outcome.cost.amount if outcome.cost else np.nan
        frames.append(
            pd.DataFrame(
                {
                    "world": world,
                    "outcome": name,
                    "title": outcome.title or name.replace("_", " "),
                    "unit": outcome.unit,
                    "day": np.arange(run.size),
                    "run": run,
                    "twin": base,
                    "difference": run - base,
                    "cost": (run - base) * price,
                    "currency": outcome.cost.currency if outcome.cost else "",
                }
            )
        )
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
