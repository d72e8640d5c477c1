"""What `import mlsim` gives: load a scenario, vary it, run it, look at the run.

>>> import mlsim
>>> scenario = mlsim.load("scenarios/covid_app.yaml")  # doctest: +SKIP
>>> run = scenario.with_({"load.check_ups.rate": "3/s"}).run(seed=7)  # doctest: +SKIP
>>> run.detection, run.outcomes  # doctest: +SKIP
"""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from mlsim import faults as _faults  # noqa: F401  (makes its kinds known)
from mlsim import system as _system  # noqa: F401  (makes its kinds known)
from mlsim.errors import MlsimError, Problem, ScenarioError
from mlsim.measures.findings import ALL, TWIN, Findings
from mlsim.measures.headline import Measure, headline, worlds_needed
from mlsim.measures.local_quality import local_and_global
from mlsim.measures.record import Record
from mlsim.measures.summary import summary
from mlsim.monitoring.loading import load_watched
from mlsim.monitoring.settings import PREFIX, divided, unwatched
from mlsim.monitoring.spec import Monitoring, load_monitoring
from mlsim.report import notebook
from mlsim.report.comparison import Comparison
from mlsim.report.coverage import Coverage
from mlsim.report.factorial import Factorial
from mlsim.report.gains import Gains, Worth
from mlsim.report.interactions import Interactions
from mlsim.report.run_folder import write_run
from mlsim.report.stored_run import read_run
from mlsim.report.studying import carry_out, carry_out_in
from mlsim.report.sweep import Sweep, designed, judged_sweep
from mlsim.scenario import load as loading
from mlsim.scenario import spec
from mlsim.studies.choosing import chosen_measures
from mlsim.studies.dials import NoDial, models_with_a_dial, quality_dial, time_dial
from mlsim.studies.effects import combinations_of
from mlsim.studies.given import variants_of
from mlsim.studies.interactions import study as study_interactions
from mlsim.studies.judging_again import judged_by
from mlsim.studies.paired import Done, Replications, replicate
from mlsim.studies.plan import Plan, read_plan
from mlsim.studies.replication import Measuring
from mlsim.studies.store import ReplicationStore
from mlsim.studies.variant import Variant
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


def compare(
    scenario: "str | Path | Scenario",
    variants: Mapping[str, Any],
    *,
    replications: int = 20,
    until: float | str | None = None,
    max_runs: int = 200,
    measures: Collection[str] = (),
    level: float = 0.95,
    store: str | Path | None = None,
    progress: Done | None = None,
) -> Comparison:
    """Run variants of a scenario under the same seeds, and hold each against the first.

    variants: name to what it changes: a mapping of settings, as in {"load.check_ups.rate": "3/s"},
    a monitoring file, a file of settings, or None for the scenario as it is. replications: how many
    seeds, beginning with the scenario's own; or `until` the differences are so precise ("5%" of the
    mean), with at most `max_runs` (see `mlsim.studies.precision`). measures: names or families of
    headline measures; all if none are named. level: of the confidence intervals. store: a file that
    keeps each finished replication, so that none is ever run twice. progress: is told (done, all).

    >>> compare(
    ...     "scenarios/covid_app.yaml", {"ops": "ops_only.yml", "data": "with_data_checks.yml"}
    ... ).table  # doctest: +SKIP
    """
    asked = {"replications": replications, "until": until, "max_runs": max_runs}
    plan = _plan("compare", scenario, variants=variants, measures=measures, level=level, **asked)
    result = carry_out(plan, store=_store(store), progress=progress)
    assert isinstance(result, Comparison)
    return result


def coverage(
    scenario: "str | Path | Scenario",
    *,
    replications: int = 20,
    level: float = 0.95,
    store: str | Path | None = None,
    progress: Done | None = None,
) -> Coverage:
    """Which rule and which check notices which fault of a scenario, how surely and how soon.

    Arguments are those of `compare`.
    """
    plan = _plan("coverage", scenario, replications=replications, level=level)
    result = carry_out(plan, store=_store(store), progress=progress)
    assert isinstance(result, Coverage)
    return result


def sweep(
    scenario: "str | Path | Scenario | Run",
    vary: Mapping[str, Any],
    *,
    method: str = "grid",
    samples: int = 64,
    replications: int = 5,
    measures: Collection[str] = (),
    level: float = 0.95,
    store: str | Path | None = None,
    progress: Done | None = None,
) -> Sweep:
    """Run a scenario at many points of some settings.

    vary: path to a list of values or a range, as in {"load.check_ups.rate": "0.5/s..2/s",
    "monitoring.rules.HighLatency.for": ["5m", "10m"]}. method: grid, random or sobol; the latter
    two take `samples` points. The other arguments are those of `compare`. What only changes how the
    system is watched doesn't run it again. With a Run nothing is run at all: it is judged anew.
    """
    if isinstance(scenario, Run):
        design = designed(vary, method, samples)
        return judged_sweep(scenario.findings, design, measures, level, progress)
    asked = {"method": method, "samples": samples, "replications": replications}
    plan = _plan("sweep", scenario, vary=vary, measures=measures, level=level, **asked)
    result = carry_out(plan, store=_store(store), progress=progress)
    assert isinstance(result, Sweep)
    return result


def study(
    file: str | Path, below: str | Path = "reports/studies", progress: Done | None = None
) -> Comparison | Coverage | Sweep:
    """Carry out a study that stands in a file; its results are written into a folder below `below`.

    One that was interrupted goes on where it stopped.
    """
    plan = read_plan(file)
    return carry_out_in(Path(below), plan, Path(file).parent, progress)[0]


def _plan(kind: str, scenario: "str | Path | Scenario", **asked: Any) -> Plan:
    origin: dict[str, object] = {"scenario": str(scenario)}
    if isinstance(scenario, Scenario):
        document, watching = scenario.spec.document, scenario.monitoring
        settings: dict[str, object] = dict(document.settings)
        if watching is not None:
            settings |= {f"{PREFIX}{path}": v for path, v in watching.settings.items()}
        origin = {"scenario": str(document.path), "set": settings}
        if watching is not None:
            origin["monitoring"] = str(watching.path)
    asked = {key: value for key, value in asked.items() if value is not None}
    return Plan.model_validate({"study": kind, "kind": kind, **origin, **asked})


def _store(path: str | Path | None) -> ReplicationStore | None:
    return None if path is None else ReplicationStore(Path(path))


def _set_by_call(problem: Problem) -> Problem:
    """A mistake in a setting, for somebody who gave it to `with_`, and not on a command line."""
    return replace(problem, file=problem.file.replace("--set ", "with_ ", 1))


def gains(
    scenario: "str | Path | Scenario",
    model: str | None = None,
    *,
    steps: Mapping[str, Any] | None = None,
    dial: Literal["quality", "time"] = "quality",
    measure: str = "",
    replications: int = 10,
    level: float = 0.95,
    store: str | Path | None = None,
    progress: Done | None = None,
) -> "Gains | Worth":
    """Turn one model's quality up step by step, and see whether the whole gets better.

    model: its name; without one, every model of the system, and what a point of its quality is
    worth. steps: by name what each of them changes, as in `compare`, the first one to begin with;
    without them, the model's own dial (see `mlsim.studies.dials`): its quality, or the time that it
    takes. measure: of the whole; the cost of all outcomes if not given. Raises NoDial for what has
    none.

    >>> gains("scenarios/chains/covid_chain.yaml", "cough_model").table  # doctest: +SKIP
    """
    origin = scenario if isinstance(scenario, Scenario) else load(scenario)
    if model is None:
        every = [
            gains(
                origin, one, dial=dial, measure=measure, replications=replications, level=level,
                store=store, progress=progress,
            )
            for one in models_with_a_dial(origin.spec)
        ]  # fmt: skip
        if not every:
            raise NoDial(f"{origin.spec.document.path}: no model of it has a dial")
        return Worth(tuple(one for one in every if isinstance(one, Gains)))
    own = quality_dial if dial == "quality" else time_dial
    chosen = _variants(origin, steps or own(origin.spec, model))
    measures = chosen_measures(chosen, [measure] if measure else [])
    found = _replicated(
        origin, chosen, partial(local_and_global, (model,)), measures, replications, store, progress
    )
    return Gains(found, model, next(iter(measures.values())), level)


def factorial(
    scenario: "str | Path | Scenario",
    factors: Mapping[str, Sequence[object]],
    *,
    replications: int = 10,
    measures: Collection[str] = (),
    level: float = 0.95,
    store: str | Path | None = None,
    progress: Done | None = None,
) -> "Factorial":
    """Run all combinations of some settings under the same seeds: what adds up, and what interacts.

    factors: path to its levels, the first one to begin with, as in {"system.desk.workers": [2, 4]}.
    The rest is as in `compare`.

    >>> factorial("shop.yaml", {"system.desk.workers": [2, 4], "load.jobs.rate": ["1/s", "2/s"]})
    ... # doctest: +SKIP
    """
    origin = scenario if isinstance(scenario, Scenario) else load(scenario)
    chosen = _variants(origin, combinations_of(factors))
    looked_at = chosen_measures(chosen, measures)
    found = _replicated(origin, chosen, headline, looked_at, replications, store, progress)
    return Factorial(found, factors, looked_at, level)


def interactions(
    scenario: "str | Path | Scenario", order: int = 2, seed: int | None = None
) -> "Interactions":
    """Run the features of a scenario's world alone and together: which promises break in company.

    order: up to how many features are tried together, beside all of them. seed: instead of the
    scenario's. Raises MlsimError for a scenario without features.

    >>> interactions("scenarios/interactions/flood_and_fire.yaml").table  # doctest: +SKIP
    """
    origin = scenario if isinstance(scenario, Scenario) else load(scenario)
    chosen = origin.spec.seed if seed is None else seed
    return Interactions(study_interactions(origin.spec, chosen, order))


def _variants(origin: "Scenario", given: Mapping[str, Any]) -> tuple[Variant, ...]:
    watched_by = origin.monitoring.path if origin.monitoring else None
    document = origin.spec.document
    return variants_of(document.path, given, document.settings, watched_by)


def _replicated(
    origin: "Scenario",
    variants: Sequence[Variant],
    measuring: Measuring,
    measures: Mapping[str, Measure],
    replications: int,
    store: str | Path | None,
    progress: Done | None,
) -> Replications:
    """The variants under as many seeds, from the scenario's own on."""
    first = origin.spec.seed
    return replicate(
        variants,
        range(first, first + replications),
        measuring,
        worlds_needed(measures.values()),
        store=ReplicationStore(Path(store)) if store else None,
        progress=progress,
    )


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
        start_s (NaN likewise), end_s, outcome (served, rejected, lost, failed, expired, timed_out
        or cancelled). Raises MlsimError unless they were recorded.
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
        """Figures: `plot.timeline()`, and `cost`, `scorecard`, `graph` and `models` likewise."""
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
