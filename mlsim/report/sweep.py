"""A sweep as people look at it: each measure over the settings that were varied."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
from matplotlib.figure import Figure

from mlsim.measures.findings import Findings
from mlsim.measures.headline import Measure
from mlsim.report.figures import sweep as figure
from mlsim.report.said import scale, titled
from mlsim.report.shown import with_png
from mlsim.studies.choosing import chosen_measure, chosen_measures
from mlsim.studies.intervals import Interval, of_mean, of_share
from mlsim.studies.judged import judged_variants
from mlsim.studies.paired import Done, Failure, Replications


@dataclass(frozen=True)
class Sweep:
    """Measures at the points of a design.

    points: settings by the name of their variant. measures: by name. level: of the intervals.
    """

    replications: Replications
    points: Mapping[str, Mapping[str, str]]
    measures: Mapping[str, Measure]
    level: float = 0.95

    @property
    def paths(self) -> list[str]:
        """What was varied."""
        return list(next(iter(self.points.values()), {}))

    @cached_property
    def runs(self) -> pd.DataFrame:
        """Tidy: a column for each varied setting, then seed, measure, value."""
        table = self.replications.of(self.measures)
        settings = pd.DataFrame([self.points[name] for name in table["variant"]], table.index)
        rest = table[["seed", "measure", "value"]]
        return pd.concat([settings.reindex(columns=self.paths), rest], axis=1)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per point and measure: the settings, measure, runs, mean, low, high."""
        rows = [
            (*key, len(group), *self._interval(str(key[-1]), group["value"]))
            for key, group in self.runs.groupby([*self.paths, "measure"], sort=False)
        ]
        columns = [*self.paths, "measure", "runs", "mean", "low", "high"]
        return pd.DataFrame(rows, columns=columns)

    def _interval(self, measure: str, values: "pd.Series[float]") -> Interval:
        known = values.dropna()
        if self.measures[measure].unit == "share":
            return of_share(int(known.sum()), known.size, self.level)
        return of_mean(known.to_numpy(), self.level)

    @property
    def failures(self) -> Sequence[Failure]:
        """The replications that failed, each with the command that repeats it."""
        return self.replications.failures

    def plot(self, measure: str | None = None) -> Figure:
        """A measure, the first if none is named, over the settings, with its interval.

        Raises UnknownMeasure for one that wasn't looked at.
        """
        chosen = chosen_measure(self.measures, measure)
        rows = self.table[self.table["measure"] == chosen.name]
        return with_png(figure.draw(rows, self.paths, titled(chosen), scale(chosen)))

    def _repr_html_(self) -> str:
        return str(self.table.to_html(index=False))


def judged_sweep(
    findings: Findings,
    design: Mapping[str, Mapping[str, str]],
    measures: Collection[str] = (),
    level: float = 0.95,
    progress: Done | None = None,
) -> Sweep:
    """A sweep of how a run is watched that is over: it is judged at each point.

    Raises MlsimError where a point changes more than that, or looks at what wasn't recorded.
    """
    found, variants = judged_variants(findings, design, progress)
    chosen = chosen_measures(variants, measures)
    return Sweep(found, design, chosen, level)
