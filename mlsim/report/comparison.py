"""A comparison of variants: its table, its figure, and how it shows itself in a notebook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from mlsim.measures.headline import Measure
from mlsim.report.figures import comparison as figure
from mlsim.report.shown import with_png
from mlsim.studies.differences import differences
from mlsim.studies.paired import Failure, Replications
from mlsim.studies.precision import Precision


@dataclass(frozen=True)
class Comparison:
    """Variants under the same seeds, each held against the first.

    replications: all that was run. measures: those that are compared, by name. level: of the
    confidence intervals. precision: what it was run until, None for a fixed number of runs.
    """

    replications: Replications
    measures: Mapping[str, Measure]
    level: float = 0.95
    precision: Precision | None = None

    @property
    def baseline(self) -> str:
        """The variant that the others are held against: the first."""
        return self.replications.variants[0].name

    @property
    def table(self) -> pd.DataFrame:
        """One row per variant and measure (see `mlsim.studies.differences.differences`).

        precise: whether it is as precise as was asked for, where that was asked.
        """
        shares = {name for name, measure in self.measures.items() if measure.unit == "share"}
        table = differences(self.runs, self.baseline, self.level, shares)
        if self.precision is not None:
            table["precise"] = self.precision.reached(table)
        return table

    @property
    def runs(self) -> pd.DataFrame:
        """The runs themselves, tidy: variant, seed, measure, value."""
        return self.replications.of(self.measures)

    @property
    def failures(self) -> Sequence[Failure]:
        """The replications that failed, each with the command that repeats it."""
        return self.replications.failures

    def plot(self) -> Figure:
        """Each measure's difference to the baseline, in percent of its mean, with its interval."""
        titles = {name: measure.title for name, measure in self.measures.items()}
        return with_png(figure.draw(self.table, titles, self.baseline))

    def _repr_html_(self) -> str:
        return str(self.table.to_html(index=False))
