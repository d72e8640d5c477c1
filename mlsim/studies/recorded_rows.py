"""Rows that reached a collector, read back from what a run has kept of them."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlsim.engine.columns import Column
from mlsim.scenario.spec import Scenario

LABEL, KNOWN = "label/", "known/"


class Times(NamedTuple):
    """When the rows arrived, float64[n] in seconds."""

    end: NDArray[np.float64]


class RecordedRows:
    """Rows of one collector, as a check sees a block of them.

    rows: with `time_s` and columns as they reached the collector (see `studies.logs.RowLog`).
    """

    def __init__(self, scenario: Scenario, rows: pd.DataFrame):
        self._scenario, self._rows = scenario, rows

    @property
    def log(self) -> Times:
        """When they arrived."""
        return Times(self._rows["time_s"].to_numpy())

    def at(self, reader: str, column: str) -> Column:
        """A column as it reached the collector."""
        return self._rows[column].to_numpy()

    def label_of(self, model: str) -> str:
        """The true column that a model is there to find out."""
        return str(next(iter(self._scenario.system[model].labels())))

    def reported(self, label: str) -> Column:
        """The label of each row as it came in, where it did."""
        return self._rows[LABEL + label].to_numpy()

    def known_at(self, label: str) -> NDArray[np.float64]:
        """When the label of each row becomes known, in seconds; inf for never."""
        return self._rows[KNOWN + label].to_numpy()
