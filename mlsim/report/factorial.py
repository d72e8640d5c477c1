"""A factorial study: its table, its figures, and how it shows itself in a notebook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from mlsim.measures.headline import Measure
from mlsim.report.figures import factorial as figure
from mlsim.report.shown import with_png
from mlsim.studies.effects import Levels, combinations_of, effects
from mlsim.studies.paired import Failure, Replications


@dataclass(frozen=True)
class Factorial:
    """All combinations of some factors' levels, under the same seeds.

    factors: path to its levels. measures: those that are looked at, by name. level: of intervals.
    """

    replications: Replications
    factors: Levels
    measures: Mapping[str, Measure]
    level: float = 0.95

    @property
    def table(self) -> pd.DataFrame:
        """One row per measure and effect (see `mlsim.studies.effects.effects`)."""
        return effects(self.runs, self.factors, list(self.measures), self.level)

    @property
    def runs(self) -> pd.DataFrame:
        """The runs themselves, tidy: variant, seed, measure, value."""
        return self.replications.of(self.measures)

    @property
    def failures(self) -> Sequence[Failure]:
        """The replications that failed, each with the command that repeats it."""
        return self.replications.failures

    @property
    def means(self) -> pd.DataFrame:
        """The mean of each measure for each combination: a column for each factor."""
        settings = combinations_of(self.factors)
        means = self.runs.groupby(["variant", "measure"], sort=False)["value"].mean().reset_index()
        for path in self.factors:
            means[path] = [str(settings[variant][path]) for variant in means["variant"]]
        return means

    def plot(self, measure: str | None = None) -> Figure:
        """Interaction plots of a measure, the first if none is named: parallel lines add up."""
        chosen = self.measures[measure or next(iter(self.measures))]
        means = self.means
        own = means[means["measure"] == chosen.name]
        return with_png(figure.draw(own, self.factors, chosen))

    def heat_map(self, measure: str | None = None) -> Figure:
        """Main effects on the diagonal, interactions beside it: what is darker is larger."""
        chosen = self.measures[measure or next(iter(self.measures))]
        table = self.table
        return with_png(
            figure.draw_heat_map(table[table["measure"] == chosen.name], self.factors, chosen)
        )

    def _repr_html_(self) -> str:
        return str(self.table.to_html(index=False))
