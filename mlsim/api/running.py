"""Load a scenario, vary it, run it, look at the run.

>>> import mlsim
>>> scenario = mlsim.load("scenarios/covid_app.yaml")  # doctest: +SKIP
>>> run = scenario.with_({"load.check_ups.rate": "3/s"}).run(seed=7)  # doctest: +SKIP
>>> run.detection, run.outcomes  # doctest: +SKIP
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from mlsim import faults as _faults  # noqa: F401  (makes its kinds known)
from mlsim import system as _system  # noqa: F401  (makes its kinds known)
from mlsim.errors import MlsimError, Problem, ScenarioError
from mlsim.measures.findings import ALL, TWIN, Findings
from mlsim.measures.record import Record
from mlsim.measures.summary import summary
from mlsim.monitoring.loading import load_watched
from mlsim.monitoring.settings import divided, unwatched
from mlsim.monitoring.spec import Monitoring, load_monitoring
from mlsim.report import notebook
from mlsim.report.run_folder import write_run
from mlsim.report.stored_run import read_run
from mlsim.scenario import load as loading
from mlsim.scenario import spec
from mlsim.studies.judging_again import judged_by
from mlsim.studies.worlds import Progress, run_worlds

if TYPE_CHECKING:
    from mlsim.report.plots import Plots


def load(
    path: str | Path,
    settings: Mapping[str, object] | None = None,
    monitoring: str | Path | None = None,
) -> "Scenario":
    """Read a scenario. Raises ScenarioError with all mistakes of its files at once.

    settings: other values, as in {"load.check_ups.rate": "3/s"}. monitoring: a monitoring file to
    use instead of the one that the scenario names.
    """
    return Scenario(*load_watched(path, settings, monitoring))


def _watched(
    scenario: spec.Scenario, file: Path | None, settings: Mapping[str, object] | None = None
) -> "Scenario":
    """The scenario under a monitoring file; raises ScenarioError if they don't fit."""
    if file is None and settings:
        raise ScenarioError([unwatched(settings)])
    return Scenario(scenario, load_monitoring(file, scenario, settings) if file else None)


def open_run(folder: str | Path) -> "Run":
    """Read a run back from the folder that it was written to; raises MlsimError if it isn't one."""
    findings, wall_s = read_run(Path(folder))
    return Run(findings, wall_s)


def _set_by_call(problem: Problem) -> Problem:
    """A mistake in a setting, for somebody who gave it to `with_`, and not on a command line."""
    return replace(problem, file=problem.file.replace("--set ", "with_ ", 1))


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
        """The same scenario with other settings, as in {"load.check_ups.rate": "3/s"}.

        Raises ScenarioError with the mistakes of the settings and of what follows from them.
        """
        try:
            return self._with(settings)
        except ScenarioError as error:
            raise ScenarioError([_set_by_call(problem) for problem in error.problems]) from None

    def _with(self, settings: Mapping[str, object]) -> "Scenario":
        own, watched = divided(settings)
        changed = loading.from_document(self.spec.document.with_(own))
        file, earlier = changed.monitoring_file, {}
        if file == self.spec.monitoring_file and self.monitoring:
            file, earlier = self.monitoring.path, dict(self.monitoring.settings)
        return _watched(changed, file, {**earlier, **watched})

    def watched_by(self, monitoring: str | Path) -> "Scenario":
        """The same scenario under another monitoring file."""
        return _watched(self.spec, Path(monitoring))

    def run(
        self,
        seed: int | None = None,
        twin: bool = True,
        progress: Progress | None = None,
        record: str | Collection[str] = (),
        max_memory: float | None = None,
    ) -> "Run":
        """Simulate all worlds of the scenario: all faults, the twin, and each fault alone.

        seed: instead of the scenario's. twin: False runs only the world with all faults.
        progress: is told the simulated time in seconds, on average over the worlds; in a notebook
        a bar shows it if nobody else is told.
        record: what to keep whole, by one name or several: "requests" (otherwise a sample is kept),
        "visits", or "rows" (what reached the collectors, for checks to come).
        max_memory: bytes that all its processes may take; four fifths of the machine's memory if
        not given. Raises MlsimError if that would be too much to keep, or to run.
        """
        if not self.spec.has_machine:
            raise MlsimError(
                f"{self.spec.document.path}: has no system to run; mlsim interactions runs what "
                "its features do in the world"
            )
        chosen = self.spec.seed if seed is None else seed
        began = time.monotonic()
        with notebook.bar(self.history, self.horizon) as bar:
            findings = run_worlds(
                self.spec, self.monitoring, chosen, twin, progress or bar, record, max_memory
            )
        return Run(findings, time.monotonic() - began)

    def __repr__(self) -> str:
        return f"<mlsim.Scenario {self.name}>"

    def _repr_html_(self) -> str:
        watched_by = self.monitoring.path.name if self.monitoring else None
        return notebook.scenario_html(self.spec, watched_by)


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
    def actions(self) -> pd.DataFrame:
        """What acting rules called in this world; times in seconds since day 0."""
        return self._record.actions

    @property
    def detection(self) -> pd.DataFrame:
        """Fault by rule: noticed or not, how soon, and false alarms."""
        return self.findings.detection

    @property
    def outcomes(self) -> pd.DataFrame:
        """World by outcome and day: run, twin, difference and cost.

        Worlds stand below one another: pick one before adding up, as in `query("world == 'all'")`.
        """
        return self.findings.outcomes

    @property
    def states(self) -> pd.DataFrame:
        """The states of this world: state, time_s (from when on, in seconds), value."""
        return self._record.states

    @property
    def requests(self) -> pd.DataFrame:
        """The requests that ended after day 0, a sample of about 20,000 or all of them.

        request, load, person (-1 for nobody), arrival_s, end_s, outcome (ok, timed_out, rejected,
        failed, abandoned or fallback), attempts; then what is true (`infected`) and what components
        made of it (`risk_model.score`), missing where the answer that came didn't pass through
        there. Every world keeps the same requests.
        """
        return self._record.tables["requests"].frame()

    @property
    def visits(self) -> pd.DataFrame:
        """The visits of requests to components that ended after day 0.

        request, attempt, component, replica and settings (-1 where no service began), arrival_s,
        start_s (NaN likewise), end_s, work_s (of a worker: its share of one who is shared, of a
        batch all of it), priority (-1 where the component has none), outcome (served, rejected,
        lost, failed, expired, timed_out or cancelled). Raises MlsimError unless they were
        recorded.
        """
        return self._recorded("visits")

    @property
    def rows(self) -> pd.DataFrame:
        """The rows that reached collectors, from the history on.

        collector, request, time_s, the columns as they arrived, and each label as it came in
        (`label/infected`), and when (`known/infected`; inf for never). Raises MlsimError unless
        they were recorded.
        """
        return self._recorded("rows")

    @property
    def twin(self) -> "Run":
        """The world of the same people with the same luck, without a fault."""
        return self._other(TWIN)

    @property
    def alone(self) -> dict[str, "Run"]:
        """For each fault, the world in which it alone began."""
        return {name: self._other(self.findings.alone(name).world) for name in self.findings.faults}

    @property
    def plot(self) -> "Plots":
        """Figures: `plot.timeline()`, and `load`, `cost`, `scorecard`, `graph` and `models`."""
        from mlsim.report.plots import Plots
        from mlsim.report.shown_run import as_folder

        return Plots(as_folder(self.findings, self.wall_s))

    def report(self, path: str | Path) -> Path:
        """Write the report as one page, with all that it needs in it, and give its path."""
        from mlsim.report.shown_run import write_page

        page = Path(path)
        write_page(self.findings, self.wall_s, page)
        return page

    def judged_by(self, monitoring: str | Path) -> "Run":
        """The same run under another monitoring file, without running the system again.

        Raises MlsimError where the file looks at something that the run hasn't recorded.
        """
        file = load_monitoring(monitoring, self.findings.scenario)
        return Run(judged_by(self.findings, file), self.wall_s, self.world)

    def write(self, folder: str | Path) -> Path:
        """Write the run below `folder`, under a name of its own, and give its path."""
        return write_run(self.findings, Path(folder), self.wall_s)

    def __repr__(self) -> str:
        scenario = self.findings.scenario.scenario
        return f"<mlsim.Run of {scenario}, seed {self.findings.seed}, world {self.world}>"

    def _repr_html_(self) -> str:
        return notebook.run_html(self.summary)

    def _recorded(self, name: str) -> pd.DataFrame:
        table = self._record.tables.get(name)
        if table is None:
            raise MlsimError(f'{name}: not recorded; scenario.run(record="{name}") keeps them')
        return table.frame()

    def _other(self, world: str) -> "Run":
        if world not in self.findings.records:
            raise MlsimError(f"{world}: this world was not run; scenario.run(twin=True) runs it")
        return Run(self.findings, self.wall_s, world)
