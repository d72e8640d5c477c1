"""The run folder as the report reads it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from mlsim.errors import MlsimError
from mlsim.measures.detection import attributable
from mlsim.report.answer import Fault, begun, has_twin
from mlsim.report.stored_run import incomplete, place_of
from mlsim.report.wording import DAY
from mlsim.report.world_folder import TELEMETRY, TOTALS, WORLD, read_states
from mlsim.telemetry.labels import METRIC_NAME
from mlsim.telemetry.parquet import read_parquet
from mlsim.telemetry.store import SeriesStore

HOUR = DAY / 24
_FINEST = ((8 * HOUR, 60.0, "min"), (DAY, HOUR / 6, "10 min"), (4 * DAY, HOUR, "hour"))
"""Up to which horizon an outcome is shown in which steps, both in seconds; longer runs by day."""
TOGETHER = "together"
"""What an alert is due to that needs several faults at once."""


class Steps(NamedTuple):
    """An outcome over time, in steps as long as fits the run.

    edges: where steps begin and end, in days; one more than there are steps.
    run, twin: the outcome in each step; NaN where there is no twin.
    per: what a step is called.
    """

    edges: np.ndarray
    run: np.ndarray
    twin: np.ndarray
    per: str


@dataclass(frozen=True)
class RunFolder:
    """What a run left behind, as far as a report shows it.

    summary, run: `summary.json` and `run.json`.
    alerts: one row per alert and world; times in seconds since day 0, NaN where it never came.
    detection: one row per fault and rule.
    outcomes: one row per world, outcome and simulated day; `cost` is that of the difference.
    minutes: by world, a column per outcome and `time_s`, when each row's minute ended; no worlds
        where the folder has only days.
    states: by world, the states of the world: state, time_s (from when on), value.
    telemetry: gives the series of the shown world, or those of a metric alone.
    """

    summary: Mapping[str, Any]
    run: Mapping[str, Any]
    alerts: pd.DataFrame
    detection: pd.DataFrame
    outcomes: pd.DataFrame
    minutes: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    states: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    telemetry: Callable[[str], SeriesStore] = lambda metric: SeriesStore([])

    @property
    def horizon_s(self) -> float:
        """Length of the run in seconds."""
        return float(self.summary["scenario"]["horizon_s"])

    @property
    def start(self) -> str | None:
        """UTC time of day 0, if the scenario has one."""
        start: str | None = self.summary["scenario"]["start"]
        return start

    @property
    def faults(self) -> list[Fault]:
        """The faults that began."""
        return begun(self.summary)

    @property
    def world(self) -> str:
        """The world to show as "the run": all faults together, or the only one there is."""
        worlds = list(dict.fromkeys([*self.outcomes["world"], *self.alerts["world"]]))
        broken = [world for world in worlds if world != "twin"]
        return "all" if "all" in broken else next(iter(broken), "twin")

    def number(self, fault: str) -> int:
        """The place of a fault among those that began; every figure colours it by that."""
        return [known["name"] for known in self.faults].index(fault)

    def alone(self, fault: str) -> str:
        """The world of one fault alone; where there is no other fault, that is all together."""
        return fault if (self.outcomes["world"] == fault).any() else self.world

    def alerts_of(self, world: str) -> pd.DataFrame:
        """The alerts of one world that fired, first ones first."""
        fired = self.alerts[(self.alerts["world"] == world) & self.alerts["firing_s"].notna()]
        return fired.sort_values(["firing_s", "rule", "labels"], kind="stable")

    @cached_property
    def caused(self) -> pd.DataFrame:
        """The alerts of the shown world, with the fault that each is `due` to.

        That is the fault in whose own world the same alert is up at the same time and counts for
        it; TOGETHER where none of the faults alone brings it about; empty where the twin's is
        firing, too, or where there is no twin to tell.
        """
        alerts = self.alerts_of(self.world)
        told = has_twin(self.summary) and bool(self.faults)
        onset = min((fault["at_s"] for fault in self.faults), default=0.0)
        beyond = attributable(alerts, self.alerts_of("twin"), onset) & told
        return alerts.assign(
            due=[
                self._due(alert) or (TOGETHER if by_any else "")
                for alert, by_any in zip(alerts.itertuples(), beyond, strict=True)
            ]
        )

    def _due(self, alert: Any) -> str:
        for fault in self.faults:
            own = self.alerts_of(self.alone(fault["name"]))
            if _meets(alert, own[own["attributable"]]):
                return str(fault["name"])
        return ""

    def cost_from(self, fault: str, time_s: float) -> float:
        """What a fault alone cost from a time on; of the step into which that falls, its share."""
        days, cost = self.cost_so_far(fault)
        return float(cost[-1] - np.interp(time_s / DAY, days, cost))

    def cost_so_far(self, fault: str) -> tuple[np.ndarray, np.ndarray]:
        """Moments in days, and what a fault alone had cost by each; nothing on day 0."""
        world = self.alone(fault)
        rows = self.outcomes[self.outcomes["world"] == world]
        if not {world, "twin"} <= self.minutes.keys():
            daily = rows.groupby("day")["cost"].sum()
            days = np.minimum(daily.index.to_numpy() + 1.0, self.horizon_s / DAY)
            return np.append(0.0, days), np.append(0.0, daily.to_numpy().cumsum())
        run, twin = self.minutes[world], self.minutes["twin"]
        cost = np.zeros(len(run))
        for outcome, own in rows[rows["difference"] != 0].groupby("outcome"):
            price = (own["cost"] / own["difference"]).iloc[0]
            if not np.isnan(price):
                cost += price * (run[outcome] - twin[outcome]).to_numpy()
        return np.append(0.0, run["time_s"] / DAY), np.append(0.0, cost.cumsum())

    def scraped(self, metric: str, **labels: str) -> pd.Series:
        """The sum of a metric's series with some labels, by scrape in seconds from day 0 on.

        Of the shown world. What had nothing to tell yet adds nothing; a missed scrape is NaN.
        """
        store, wanted = self.telemetry(metric), {METRIC_NAME: metric, **labels}
        total = np.zeros(store.times.size)
        for series in store:
            if wanted.items() <= dict(series.labels).items():
                total += np.nan_to_num(series.exposed(0, total.size))
                if series.missed is not None:
                    total[series.missed] = np.nan
        return pd.Series(total, index=store.times)[store.times >= 0]

    def steps_of(self, outcome: str) -> Steps:
        """One outcome of the shown world and its twin: by minutes, hours or days."""
        days = self.horizon_s / DAY
        finest = next((one for one in _FINEST if self.horizon_s <= one[0]), None)
        if finest is None or self.world not in self.minutes:
            rows = self.days_of(self.world, outcome)
            edges = np.minimum(np.append(rows["day"], rows["day"].max() + 1), days)
            return Steps(edges, rows["run"].to_numpy(), rows["twin"].to_numpy(), "day")
        _, step, per = finest
        run = _per_step(self.minutes[self.world], outcome, step)
        twin = self.minutes.get("twin")
        edges = np.minimum(step / DAY * np.arange(run.size + 1), days)
        other = np.full(run.size, np.nan) if twin is None else _per_step(twin, outcome, step)
        return Steps(edges, run, other, per)

    @property
    def state_names(self) -> list[str]:
        """The states of the world that change in the shown world or its twin."""
        tables = [table for world, table in self.states.items() if world in (self.world, "twin")]
        names = list(dict.fromkeys(name for table in tables for name in table["state"]))
        return [n for n in names if any((table["state"] == n).sum() > 1 for table in tables)]

    def steps_of_state(self, state: str) -> Steps:
        """One state of the shown world and its twin, from each step to the next."""
        run = _of_state(self.states[self.world], state)
        twin = _of_state(self.states.get("twin", self.states[self.world].iloc[:0]), state)
        times = np.unique([*run["time_s"], *twin["time_s"], 0.0])
        times = times[(times >= 0) & (times < self.horizon_s)]
        edges = np.append(times, self.horizon_s) / DAY
        return Steps(edges, _in_force(run, times), _in_force(twin, times), "step")

    def days_of(self, world: str, outcome: str) -> pd.DataFrame:
        """One outcome of one world, by simulated day."""
        rows = self.outcomes
        return rows[(rows["world"] == world) & (rows["outcome"] == outcome)].sort_values("day")


def _per_step(minutes: pd.DataFrame, outcome: str, step: float) -> np.ndarray:
    """Sums of an outcome over steps of so many seconds."""
    # A minute that ends with a step belongs to it.
    numbers = np.ceil(minutes["time_s"] / step).astype(int) - 1
    return np.bincount(numbers, weights=minutes[outcome])


def _of_state(states: pd.DataFrame, name: str) -> pd.DataFrame:
    return states[states["state"] == name]


def _in_force(values: pd.DataFrame, times: np.ndarray) -> np.ndarray:
    """The value from each time on; NaN where there is none at all."""
    if values.empty:
        return np.full(times.size, np.nan)
    place = np.searchsorted(values["time_s"], times, side="right") - 1
    return np.asarray(values["value"])[np.maximum(place, 0)]


def _meets(alert: Any, others: pd.DataFrame) -> bool:
    """Whether the same rule with the same labels is up in the others while this alert is."""
    same = others[(others["rule"] == alert.rule) & (others["labels"] == alert.labels)]
    end = np.inf if np.isnan(alert.resolved_s) else alert.resolved_s
    up = (same["firing_s"] <= end) & (same["resolved_s"].fillna(np.inf) >= alert.firing_s)
    return bool(up.any())


def read(folder: Path) -> RunFolder:
    """Reads a run folder. Raises MlsimError where a file is missing or cannot be read."""
    summary = _json(folder / "summary.json")
    outcomes = _table(folder / "outcomes.csv", ["day", "run", "twin", "difference", "cost"], [])
    return RunFolder(
        summary=summary,
        run=_json(folder / "run.json"),
        alerts=_table(
            folder / "alerts.csv", ["pending_s", "firing_s", "resolved_s"], ["attributable"]
        ),
        detection=_table(
            folder / "detection.csv",
            ["onset_s", "firing_s", "time_to_detect_s", "false_alarms", "false_alarms_per_day"],
            ["detected"],
        ),
        outcomes=outcomes,
        minutes=_of_worlds(folder, outcomes, TOTALS, pd.read_parquet),
        states=_of_worlds(folder, outcomes, WORLD, lambda path: read_states(path.parent)),
        telemetry=_telemetry(folder / TELEMETRY),
    )


def _telemetry(path: Path) -> Callable[[str], SeriesStore]:
    """The series of a file by metric; none where it isn't kept, as in a repository."""
    return cache(lambda metric: read_parquet(path, metric) if path.is_file() else SeriesStore([]))


def _of_worlds(
    folder: Path, outcomes: pd.DataFrame, name: str, reader: Callable[[Path], pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """A table of each world, as far as the folder has them: what `reader` finds in its files."""
    worlds = set(outcomes["world"]) | ({"twin"} if outcomes["twin"].notna().any() else set())
    found: dict[str, pd.DataFrame] = {}
    for world in sorted(worlds):
        own = place_of(folder, world) / name
        # A world without a place of its own is the same as that of all faults.
        path = own if own.is_file() else folder / name
        if path.is_file():
            found[world] = reader(path)
    return found


def _json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    return content


def _table(path: Path, numbers: list[str], flags: list[str]) -> pd.DataFrame:
    """A table of text, numbers (an empty cell is NaN) and flags (true or not)."""
    try:
        # As text first: a rule may be called "null", and an empty column has no type to guess.
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        for column in numbers:
            table[column] = table[column].replace("", "nan").astype(float)
        for column in flags:
            table[column] = table[column].str.lower() == "true"
    except (OSError, ValueError, KeyError) as error:
        raise _unreadable(path, error) from error
    return table


def _unreadable(path: Path, error: Exception) -> MlsimError:
    reason = error.strerror if isinstance(error, OSError) else error
    return incomplete(path.parent, f"{path.name}: {reason}")
