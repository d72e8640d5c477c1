"""What `import mlsim` gives: load a scenario, vary it, run it, look at the run.

>>> import mlsim
>>> scenario = mlsim.load("scenarios/covid_app.yaml")  # doctest: +SKIP
>>> run = scenario.with_({"load.check_ups.rate": "3/s"}).run(seed=7)  # doctest: +SKIP
>>> run.detection, run.outcomes  # doctest: +SKIP
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mlsim import faults as _faults  # noqa: F401  (makes its kinds known)
from mlsim import system as _system  # noqa: F401  (makes its kinds known)
from mlsim.measures.findings import ALL, TWIN, Findings
from mlsim.measures.record import Record
from mlsim.measures.summary import summary
from mlsim.monitoring.spec import Monitoring, load_monitoring
from mlsim.report.run_folder import write_run
from mlsim.scenario import load as loading
from mlsim.scenario import spec
from mlsim.studies.worlds import Progress, run_worlds


def load(
    path: str | Path,
    settings: Mapping[str, object] | None = None,
    monitoring: str | Path | None = None,
) -> "Scenario":
    """Read a scenario. Raises ScenarioError with all mistakes of its files at once.

    settings: other values, as in {"load.check_ups.rate": "3/s"}. monitoring: a monitoring file to
    use instead of the one that the scenario names.
    """
    scenario = loading.load(path, settings)
    file = Path(monitoring) if monitoring else scenario.monitoring_file
    return Scenario(scenario, load_monitoring(file) if file else None)


@dataclass(frozen=True)
class Scenario:
    """A scenario with its monitoring, ready to run; it never changes.

    spec: what the scenario says. monitoring: what its monitoring file says, None without one.
    """

    spec: spec.Scenario
    monitoring: Monitoring | None

    @property
    def name(self) -> str:
        """Its name, which is also that of the folder of its reports."""
        return self.spec.scenario

    @property
    def history(self) -> float:
        """Seconds simulated before day 0."""
        return self.spec.history

    @property
    def horizon(self) -> float:
        """Seconds simulated from day 0 on."""
        return self.spec.horizon

    def with_(self, settings: Mapping[str, object]) -> "Scenario":
        """The same scenario with other settings, as in {"load.check_ups.rate": "3/s"}."""
        document = self.spec.document.with_(settings)
        return Scenario(loading.from_document(document), self.monitoring)

    def watched_by(self, monitoring: str | Path) -> "Scenario":
        """The same scenario under another monitoring file."""
        return Scenario(self.spec, load_monitoring(monitoring))

    def run(
        self, seed: int | None = None, twin: bool = True, progress: Progress | None = None
    ) -> "Run":
        """Simulate all worlds of the scenario: all faults, the twin, and each fault alone.

        seed: instead of the scenario's. twin: False runs only the world with all faults.
        progress: is told the simulated time in seconds, on average over the worlds.
        """
        chosen = self.spec.seed if seed is None else seed
        began = time.monotonic()
        findings = run_worlds(self.spec, self.monitoring, chosen, twin, progress)
        return Run(findings, time.monotonic() - began)


class Run:
    """A scenario that has been run: its worlds, and what a comparison of them says."""

    def __init__(self, findings: Findings, wall_s: float, world: str = ALL):
        self.findings = findings
        self.wall_s = wall_s
        self.world = world

    @property
    def _record(self) -> Record:
        return self.findings.records[self.world]

    @property
    def summary(self) -> dict[str, Any]:
        """The headline figures; times in seconds since day 0."""
        return summary(self.findings)

    @property
    def metrics(self) -> pd.DataFrame:
        """All series, one column each, by time in seconds."""
        return self._record.store.to_frame()

    @property
    def alerts(self) -> pd.DataFrame:
        """The alerts of this world."""
        return self._record.alerts

    @property
    def detection(self) -> pd.DataFrame:
        """Fault by rule: noticed or not, how soon, and false alarms."""
        return self.findings.detection

    @property
    def outcomes(self) -> pd.DataFrame:
        """World by outcome and day: run, twin, difference and cost."""
        return self.findings.outcomes

    @property
    def twin(self) -> "Run":
        """The world of the same people with the same luck, without a fault."""
        return self._other(TWIN)

    @property
    def alone(self) -> dict[str, "Run"]:
        """For each fault, the world in which it alone began."""
        return {
            name: self._other(name if name in self.findings.records else ALL)
            for name in self.findings.faults
        }

    def write(self, folder: str | Path) -> Path:
        """Write the run below `folder`, under a name of its own, and give its path."""
        return write_run(self.findings, Path(folder), self.wall_s)

    def _other(self, world: str) -> "Run":
        return Run(self.findings, self.wall_s, world)
