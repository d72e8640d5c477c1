"""Gains of one model, or of all: tables, figures, and how they show themselves in a notebook."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from mlsim.measures.headline import Measure
from mlsim.measures.local_quality import LATENCY
from mlsim.report.figures import gains as figure
from mlsim.report.shown import with_png
from mlsim.studies.gains import Slope, per_point, slope, steps_table
from mlsim.studies.paired import Failure, Replications


@dataclass(frozen=True)
class Gains:
    """One model's quality turned up step by step, under the same seeds.

    replications: all that was run, a variant for each step. model: whose quality. outcome: the
    measure of the whole. level: of the confidence intervals.
    """

    replications: Replications
    model: str
    outcome: Measure
    level: float = 0.95

    @property
    def table(self) -> pd.DataFrame:
        """One row per step (see `mlsim.studies.gains.steps_table`)."""
        quality = f"quality.{self.model}"
        return steps_table(self.runs, quality, self.outcome.name, LATENCY, self.level)

    @property
    def slope(self) -> Slope:
        """The outcome per unit of local quality, and where its sign flips."""
        return slope(self.runs, f"quality.{self.model}", self.outcome.name, self.level)

    @property
    def runs(self) -> pd.DataFrame:
        """The runs themselves, tidy: variant, seed, measure, value."""
        return self.replications.table

    @property
    def failures(self) -> Sequence[Failure]:
        """The replications that failed, each with the command that repeats it."""
        return self.replications.failures

    def plot(self) -> Figure:
        """Global outcome over local quality, step by step, with intervals."""
        return with_png(figure.draw(self.table, self.model, self.outcome, self.slope))

    def _repr_html_(self) -> str:
        return str(self.table.to_html(index=False))


@dataclass(frozen=True)
class Worth:
    """For each model of a system, what a point of its quality is worth to the outcome."""

    gains: tuple[Gains, ...]

    @property
    def table(self) -> pd.DataFrame:
        """One row per model, who is worth most first.

        quality: as it is. per_point: the change of the outcome per hundredth of quality, with low
        and high. flips: the steps at which the sign of the effect flips.
        """
        rows = []
        for one in self.gains:
            found, table = one.slope, one.table
            flips = ", ".join(found.flips)
            rows.append((one.model, table["quality"].iloc[0], *per_point(found), flips))
        columns = ["model", "quality", "per_point", "low", "high", "flips"]
        frame = pd.DataFrame(rows, columns=columns)
        order = frame["per_point"].abs().fillna(0).sort_values(ascending=False, kind="stable")
        return frame.loc[order.index].reset_index(drop=True)

    @property
    def runs(self) -> pd.DataFrame:
        """The runs of all, tidy: model, variant, seed, measure, value."""
        runs = {one.model: one.runs for one in self.gains}
        return pd.concat(runs, names=["model"]).reset_index("model").reset_index(drop=True)

    @property
    def outcome(self) -> Measure:
        """The measure of the whole."""
        return self.gains[0].outcome

    @property
    def failures(self) -> Sequence[Failure]:
        """The replications that failed, each with the command that repeats it."""
        return list(dict.fromkeys(failure for one in self.gains for failure in one.failures))

    def plot(self) -> Figure:
        """What a point of each model's quality is worth, as bars with intervals."""
        return with_png(figure.draw_worth(self.table, self.outcome))

    def _repr_html_(self) -> str:
        return str(self.table.to_html(index=False))
