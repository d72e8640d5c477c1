"""Studies from Python: compare, cover, sweep, turn up a part, put features together."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from mlsim.api.running import Run, Scenario, load
from mlsim.measures.headline import Measure, headline, worlds_needed
from mlsim.measures.local_quality import local_and_global
from mlsim.monitoring.settings import PREFIX
from mlsim.report.comparison import Comparison
from mlsim.report.coverage import Coverage
from mlsim.report.factorial import Factorial
from mlsim.report.gains import Gains, Worth
from mlsim.report.interactions import Interactions
from mlsim.report.studying import carry_out, carry_out_in
from mlsim.report.sweep import Sweep, judged_sweep
from mlsim.studies import BELOW
from mlsim.studies.choosing import chosen_measures
from mlsim.studies.designs import designed
from mlsim.studies.dials import NoDial, models_with_a_dial, quality_dial, time_dial
from mlsim.studies.effects import combinations_of
from mlsim.studies.given import variants_of
from mlsim.studies.interactions import study as study_interactions
from mlsim.studies.paired import Done, Replications, replicate
from mlsim.studies.plan import Plan, read_plan
from mlsim.studies.replication import Measuring
from mlsim.studies.store import ReplicationStore
from mlsim.studies.told import Tell, by_option
from mlsim.studies.variant import Variant


def compare(
    scenario: str | Path | Scenario,
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
    scenario: str | Path | Scenario,
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
    scenario: str | Path | Scenario | Run,
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
    file: str | Path, below: str | Path = BELOW, progress: Done | None = None
) -> Comparison | Coverage | Sweep:
    """Carry out a study that stands in a file; its results are written into a folder below `below`.

    One that was interrupted goes on where it stopped.
    """
    plan = read_plan(file)
    return carry_out_in(Path(below), plan, Path(file).parent, progress)[0]


def _plan(kind: str, scenario: str | Path | Scenario, **asked: Any) -> Plan:
    origin: dict[str, object] = {"scenario": str(scenario)}
    if isinstance(scenario, Scenario):
        document, watching = scenario.spec.document, scenario.monitoring
        origin = {"scenario": str(document.path), "set": _settings(scenario)}
        if watching is not None:
            origin["monitoring"] = str(watching.path)
    asked = {key: value for key, value in asked.items() if value is not None}
    return Plan.model_validate({"study": kind, "kind": kind, **origin, **asked})


def _store(path: str | Path | None) -> ReplicationStore | None:
    return None if path is None else ReplicationStore(Path(path))


def gains(
    scenario: str | Path | Scenario,
    model: str | None = None,
    *,
    steps: Mapping[str, Any] | None = None,
    dial: Literal["quality", "time"] = "quality",
    measure: str = "",
    replications: int = 10,
    level: float = 0.95,
    store: str | Path | None = None,
    progress: Done | None = None,
) -> Gains | Worth:
    """Turn one model's quality up step by step, and see whether the whole gets better.

    model: its name; without one, every model of the system, and what a point of its quality is
    worth. steps: by name what each of them changes, as in `compare`, the first one to begin with;
    without them, the model's own dial (see `mlsim.studies.dials`): its quality, or the time that it
    takes. measure: of the whole; the cost of all outcomes if not given. Raises NoDial for what has
    none.

    >>> gains("scenarios/chains/covid_chain.yaml", "cough_model").table  # doctest: +SKIP
    """
    origin = scenario if isinstance(scenario, Scenario) else load(scenario)
    models = models_with_a_dial(origin.spec) if model is None else (model,)
    if not models:
        raise NoDial(f"{origin.spec.document.path}: no model of it has a dial")
    own = quality_dial if dial == "quality" else time_dial
    dials = {one: steps or own(origin.spec, one) for one in models}
    # As it is, a system is the same for every model: it is run once for all of them.
    names = {
        one: {step if not change else f"{one}: {step}": step for step, change in turned.items()}
        for one, turned in dials.items()
    }
    given = {
        name: turned[step]
        for turned, named in zip(dials.values(), names.values(), strict=True)
        for name, step in named.items()
    }
    chosen = _variants(origin, given)
    measures = chosen_measures(chosen, [measure] if measure else [])
    found = _replicated(
        origin, chosen, partial(local_and_global, models), measures, replications, store, progress
    )
    outcome = next(iter(measures.values()))
    each = tuple(Gains(found.renamed(names[one]), one, outcome, level) for one in models)
    return Worth(each) if model is None else each[0]


def factorial(
    scenario: str | Path | Scenario,
    factors: Mapping[str, Sequence[object]],
    *,
    replications: int = 10,
    measures: Collection[str] = (),
    level: float = 0.95,
    store: str | Path | None = None,
    progress: Done | None = None,
) -> Factorial:
    """Run all combinations of some settings under the same seeds: what adds up, and what interacts.

    factors: path to its levels, the first one to begin with, as in {"system.desk.workers": [2, 4]}.
    The rest is as in `compare`.

    >>> factorial("shop.yaml", {"system.desk.workers": [2, 4], "load.jobs.rate": ["1/s", "2/s"]})
    ... # doctest: +SKIP
    """
    origin = scenario if isinstance(scenario, Scenario) else load(scenario)
    combined = combinations_of(factors)
    chosen = _variants(origin, combined, by_option("--factor", combined))
    looked_at = chosen_measures(chosen, measures)
    found = _replicated(origin, chosen, headline, looked_at, replications, store, progress)
    return Factorial(found, factors, looked_at, level)


def interactions(
    scenario: str | Path | Scenario, order: int = 2, seed: int | None = None
) -> Interactions:
    """Run the features of a scenario's world alone and together: which promises break in company.

    order: up to how many features are tried together, beside all of them. seed: instead of the
    scenario's. Raises MlsimError for a scenario without features.

    >>> interactions("scenarios/interactions/flood_and_fire.yaml").table  # doctest: +SKIP
    """
    origin = scenario if isinstance(scenario, Scenario) else load(scenario)
    chosen = origin.spec.seed if seed is None else seed
    return Interactions(study_interactions(origin.spec, chosen, order))


def _variants(
    origin: Scenario, given: Mapping[str, Any], told: Tell | None = None
) -> tuple[Variant, ...]:
    watched_by = origin.monitoring.path if origin.monitoring else None
    return variants_of(origin.spec.document.path, given, _settings(origin), watched_by, told)


def _settings(origin: Scenario) -> dict[str, object]:
    """What has been set of a scenario and of the monitoring that watches it."""
    watching = origin.monitoring.settings if origin.monitoring else {}
    return {
        **origin.spec.document.settings,
        **{f"{PREFIX}{path}": value for path, value in watching.items()},
    }


def _replicated(
    origin: Scenario,
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
