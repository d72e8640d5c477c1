"""The findings of a run: its worlds side by side, as tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from mlsim.faults.base import Fault
from mlsim.measures.damage import outcomes_by_day
from mlsim.measures.detection import attributable, detection
from mlsim.measures.record import Record
from mlsim.monitoring.spec import Monitoring
from mlsim.scenario.spec import Scenario
from mlsim.telemetry.labels import METRIC_NAME, Matcher

TWIN, ALL = "twin", "all"
WEEK = 7 * 86400.0

DETECTION = (
    "fault rule severity detected onset_s firing_s time_to_detect_s "
    "false_alarms false_alarms_per_day"
)
OUTCOMES = "world outcome title unit day run twin difference cost currency"


@dataclass(frozen=True)
class Findings:
    """All worlds of one run, and what a comparison of them says.

    scenario, monitoring, seed: what was run. records: the worlds by name; `all` is always there.
    faults: those that began before the horizon, by name.
    """

    scenario: Scenario
    monitoring: Monitoring | None
    seed: int
    records: Mapping[str, Record]
    faults: Mapping[str, Fault]

    @property
    def run(self) -> Record:
        """The world with all faults."""
        return self.records[ALL]

    @property
    def twin(self) -> Record | None:
        """The world without a fault; None if it wasn't run."""
        return self.records.get(TWIN)

    def alone(self, fault: str) -> Record:
        """The world in which only this fault began; that of all, if it is the only one."""
        return self.records.get(fault, self.run)

    def ends(self, fault: str) -> float:
        """When a fault is over, in seconds; inf if never: as stated, or as soon as a replica that
        had crashed is scraped as up again, since somebody restarted it.
        """
        spec = self.faults[fault]
        down = spec.takes_down()
        if down is None:
            return spec.ends
        wanted = {METRIC_NAME: "up", "component": down[0], "replica": str(down[1])}
        store = self.alone(fault).store
        of_it = [Matcher(label, "=", value) for label, value in wanted.items()]
        again = [
            time
            for block in store.select(of_it, np.nextafter(spec.at, np.inf))
            for time in block.times[block.values[0] == 1].tolist()
        ]
        return float(min([spec.ends, *again]))

    def per_week(self, alerts: pd.DataFrame) -> float:
        """How many a week these alerts are, of one of its worlds."""
        return len(alerts) / (self.scenario.horizon / WEEK)

    @cached_property
    def rules(self) -> pd.DataFrame:
        """The alerting rules, by name: rule, severity, expr."""
        rules = [rule for rule in (self.monitoring.rules if self.monitoring else ()) if rule.alert]
        frame = pd.DataFrame(
            [(rule.name, rule.labels.get("severity", ""), rule.expr) for rule in rules],
            columns=["rule", "severity", "expr"],
        )
        return frame.drop_duplicates("rule", ignore_index=True)

    def due(self, fault: str) -> pd.Series:
        """Which alerts of a fault's own world are due to it; all False without a twin."""
        if fault not in self._due:
            self._due[fault] = self._found_due(fault)
        return self._due[fault]

    @cached_property
    def _due(self) -> dict[str, pd.Series]:
        return {}

    def _found_due(self, fault: str) -> pd.Series:
        alerts = self.alone(fault).alerts
        if self.twin is None or self.monitoring is None:
            return pd.Series(False, index=alerts.index)
        onset = self.faults[fault].at
        return pd.Series(attributable(alerts, self.twin.alerts, onset), alerts.index)

    def first_alert(self, fault: str) -> pd.Series | None:
        """The earliest alert that is due to a fault, None if nobody noticed."""
        alerts = self.alerts_due(fault)
        return None if alerts.empty else alerts.iloc[0]

    def alerts_due(self, fault: str) -> pd.DataFrame:
        """The alerts that are due to a fault, in the order in which they fired."""
        own = self.alone(fault).alerts[self.due(fault)]
        return own.sort_values("firing_s", kind="stable")

    @cached_property
    def detection(self) -> pd.DataFrame:
        """One row per fault and alerting rule (see `measures.detection`)."""
        tables = [
            detection(
                name,
                fault.at,
                self.rules,
                self.alone(name).alerts[self.due(name)],
                self.twin.alerts if self.twin else None,
                self.scenario.horizon,
            )
            for name, fault in self.faults.items()
        ]
        return _stacked(tables, DETECTION)

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """One row per world, outcome and simulated day (see `measures.damage`)."""
        twin = self.twin.totals if self.twin else None
        tables = [
            outcomes_by_day(name, record.totals, twin, self.scenario.outcomes, record.step)
            for name, record in self.records.items()
            if self.scenario.outcomes
        ]
        return _stacked(tables, OUTCOMES)

    @cached_property
    def alerts(self) -> pd.DataFrame:
        """The alerts of all worlds, each with the fault that it is due to."""
        tables = []
        for world, record in self.records.items():
            table = record.alerts.copy()
            table.insert(0, "world", world)
            fault = next(iter(self.faults), "") if len(self.faults) == 1 else ""
            alone = world if world in self.faults else (fault if world == ALL else "")
            table.insert(1, "fault", alone)
            # Where several faults act, only the worlds in which each is alone tell whose it is.
            untold = "" if world == ALL and self.faults else False
            table["attributable"] = self.due(alone) if alone else untold
            tables.append(table)
        return pd.concat(tables, ignore_index=True)

    @cached_property
    def actions(self) -> pd.DataFrame:
        """What acting rules called in all worlds (see `mlsim.monitoring.acting.Call`)."""
        tables = [record.actions.assign(world=name) for name, record in self.records.items()]
        together = pd.concat(tables, ignore_index=True)
        return together[["world", *tables[0].columns.drop("world")]]


def _stacked(tables: list[pd.DataFrame], columns: str) -> pd.DataFrame:
    """The tables below one another; an empty one with the same columns if there are none."""
    if not tables:
        return pd.DataFrame(columns=columns.split())
    return pd.concat(tables, ignore_index=True)
