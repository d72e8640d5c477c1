"""What a monitoring strategy uses up: series, checks, and people's attention."""

from dataclasses import dataclass

from mlsim.exercises.spec import Budget
from mlsim.measures.findings import Findings
from mlsim.monitoring.promql import parse, selectors
from mlsim.monitoring.promql.selectors import matchers_of
from mlsim.monitoring.spec import Monitoring


@dataclass(frozen=True)
class Spending:
    """What was used of a budget.

    series: that rules read. checks: on data. pages_per_week: in the busiest of the worlds.
    """

    series: int
    checks: int
    pages_per_week: float

    def over(self, budget: Budget) -> list[str]:
        """The names of what was overspent."""
        return [n for n, allowed in budget.model_dump().items() if getattr(self, n) > allowed]


def spending(runs: list[Findings]) -> Spending:
    """What the monitoring of these runs uses up."""
    monitoring = runs[0].monitoring
    if monitoring is None:
        return Spending(0, 0, 0.0)
    series = max(_series_read(run, monitoring) for run in runs)
    return Spending(series, len(monitoring.checks), max(map(_pages_per_week, runs)))


def _series_read(run: Findings, monitoring: Monitoring) -> int:
    """How many series the rules read, in the world in which all faults act."""
    wanted = [matchers_of(s) for rule in monitoring.rules for s in selectors(parse(rule.expr))]
    read = {
        labels
        for matchers in wanted
        for block in run.run.store.select(matchers)
        for labels in block.labels
    }
    return len(read)


def _pages_per_week(run: Findings) -> float:
    return max(
        run.per_week(record.fired.query("severity == 'page'")) for record in run.records.values()
    )
