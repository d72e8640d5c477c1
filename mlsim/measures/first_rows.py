"""The first row that a fault has had its hand in, at each place: where data goes wrong first."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlsim.engine.columns import Column
from mlsim.system.feedback import Feedback
from mlsim.system.requests import RequestBlock
from mlsim.system.simulation import System

COLUMNS = ("what", "component", "column", "time_s", "request", "value", "true", "unit", "version")
VALUE, LABEL, DELIVERY, LATE, LOSS = "value", "label", "delivery", "late", "loss"


@dataclass
class FirstRows:
    """Keeps the earliest touched row of every column of every component, of labels and deliveries.

    A row has: what (a value that was sent, a label that came in, a delivery that was late or came
    again, a row that is late, by `value` seconds, or lost), component, column, time_s (when its
    request ended, it arrived, or should have), request, the value, what was true (NaN for what is
    no column of the world), the unit of the contract, and the version that made it, if that one
    would not have served without a fault (0 if not).
    """

    system: System
    _found: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)

    def see_value(self, block: RequestBlock, component: str, column: str) -> None:
        """Look at what a component sent."""
        touched = block.touched(component, column)
        if np.any(touched):
            self._see((VALUE, component, column), block, touched, block.output(component, column))

    def see_collected(self, block: RequestBlock, collector: str) -> None:
        """Look at the labels of rows that reached a collector, and at how they arrived."""
        nothing = np.full(block.log.end.size, np.nan)
        self._see((DELIVERY, collector, ""), block, block.touched_inputs(collector), nothing)
        for name, deployed in self.system.items():
            spec = deployed.spec
            if isinstance(spec, Feedback) and spec.reveals in block.truth:
                touched = block.touched_labels(spec.reveals)
                reported = block.reported(spec.reveals)
                self._see((LABEL, name, spec.reveals), block, touched, reported)

    def see_lost(self, block: RequestBlock, collector: str, arrives: NDArray[np.float64]) -> None:
        """Look at rows that a collector gets late or never, by the time at which it should."""
        lost, late = arrives > self.system.scenario.horizon, arrives - block.log.end
        self._see((LOSS, collector, ""), block, lost, np.full(late.size, np.nan))
        self._see((LATE, collector, ""), block, ~lost, late)

    def _see(
        self,
        place: tuple[str, str, str],
        block: RequestBlock,
        touched: NDArray[np.bool_] | bool,
        values: Column,
    ) -> None:
        rows = np.flatnonzero(np.broadcast_to(touched, block.log.end.shape) & (block.log.end > 0))
        if not rows.size:
            return
        first = int(rows[np.argmin(block.log.end[rows])])
        time = float(block.log.end[first])
        if place not in self._found or time < self._found[place]["time_s"]:
            column = place[2]
            known = column in block.truth
            self._found[place] = {
                "time_s": time,
                "request": int(block.log.request[first]),
                "value": float(values[first]),
                "true": float(block.truth[column][first]) if known else np.nan,
                "unit": self._unit(column),
                "version": self._version(place[1], block, first),
            }

    def _version(self, component: str, block: RequestBlock, row: int) -> int:
        """The number of the version in force, or on trial, that a fault made or keeps; else 0."""
        deployed = self.system[component]
        if not deployed.spec.has_versions:
            return 0
        stamp = int(block.log.stamps[row, self.system.network.index(component)])
        serving = deployed.settings[stamp]
        there = [serving, serving.trial.version] if serving.trial else [serving]
        return next((version.number for version in there if version.touched), 0)

    def _unit(self, column: str) -> str:
        known = self.system.scenario.world.columns()
        return (known[column].unit or "") if column in known else ""

    def table(self) -> pd.DataFrame:
        """One row per place: by time, and of one time those first that others read from."""
        rows = [
            dict(zip(COLUMNS, (*place, *row.values()), strict=True))
            for place, row in self._found.items()
        ]
        rows.sort(key=lambda row: (row["time_s"], self._depth(row["component"])))
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def _depth(self, component: str) -> int:
        """How many components lie before one."""
        return len(list(self.system.wiring.upstream(component)))
