"""Coverage as people look at it: which rule or check notices which fault, and what nothing does."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd
from matplotlib.figure import Figure

from mlsim.report import wording
from mlsim.report.figures import coverage as figure
from mlsim.report.shown import with_png
from mlsim.studies.covering import coverage_table
from mlsim.studies.paired import Failure, Replications
from mlsim.studies.requirements import Unmet, checked, unmet


@dataclass(frozen=True)
class Coverage:
    """The faults of a scenario by who watches it, over replications.

    replications: of one variant. level: of the confidence intervals. requirements: what each fault
    has to fulfil, as in `detected >= 0.9`.
    """

    replications: Replications
    level: float = 0.95
    requirements: tuple[str, ...] = field(default=())

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per fault and watcher (see `mlsim.studies.covering.coverage_table`)."""
        horizon = self.replications.variants[0].scenario.horizon
        return coverage_table(self.replications.found.values(), horizon, self.level)

    @property
    def faults(self) -> list[str]:
        """The faults that begin before the horizon."""
        return list(dict.fromkeys(self.table["fault"]))

    @property
    def uncovered(self) -> list[str]:
        """The faults that nothing noticed in any run."""
        rows = self.table.query("kind == 'anybody' and detected == 0")
        return list(rows["fault"])

    @property
    def unmet(self) -> list[Unmet]:
        """What of the requirements isn't fulfilled, fault by fault."""
        return self.unmet_by(*self.requirements)

    def unmet_by(self, *requirements: str) -> list[Unmet]:
        """What of other requirements isn't; raises MlsimError if one can't be understood."""
        return unmet(self.table, checked(requirements))

    @property
    def failures(self) -> Sequence[Failure]:
        """The replications that failed, each with the command that repeats it."""
        return self.replications.failures

    def plot(self) -> Figure:
        """Faults by watchers: the share of runs that noticed, and the median time to detect."""
        runs = len(self.replications.seeds)
        name = self.replications.variants[0].scenario.scenario
        title = f"Who notices what in {name}, {wording.counted(runs, 'run')}"
        return with_png(figure.draw(self.table, title))

    def _repr_html_(self) -> str:
        return str(self.table.to_html(index=False))
