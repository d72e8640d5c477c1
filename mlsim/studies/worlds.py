"""The worlds of a run: the twin without a fault, each fault alone, and all together."""

import os
from collections.abc import Callable, Collection
from functools import partial

from mlsim.faults.base import Fault
from mlsim.measures.findings import ALL, TWIN, Findings
from mlsim.measures.record import Record
from mlsim.monitoring.spec import Monitoring
from mlsim.scenario.spec import Scenario
from mlsim.studies import memory
from mlsim.studies.processes import run_side_by_side
from mlsim.studies.recording import Recording, chosen
from mlsim.studies.shared_past import simulate_together
from mlsim.studies.world import SCRAPE_INTERVAL, simulate
from mlsim.system.classifiers import classifier_of
from mlsim.system.model import Model
from mlsim.telemetry.warming import warm

Progress = Callable[[float], None]
"""Is told the simulated time in seconds, on average over the worlds."""


def faults_of(scenario: Scenario) -> dict[str, Fault]:
    """The faults that begin before the horizon, by name."""
    return {fault.called: fault for fault in scenario.faults if fault.at < scenario.horizon}


def run_worlds(
    scenario: Scenario,
    monitoring: Monitoring | None,
    seed: int,
    twin: bool = True,
    progress: Progress | None = None,
    record: str | Collection[str] = (),
    max_memory: float | None = None,
) -> Findings:
    """Simulate the worlds of a scenario side by side and compare them.

    Without `twin` only the world with all faults is run, and there is no damage and no detection.
    record: of what all is kept (see `mlsim.studies.recording`), by one name or several.
    max_memory: bytes that all processes may take; four fifths of the machine's if not given.
    Raises TooMuchMemory, before anything is run, where about so much won't do.
    """
    recording = Recording.of(scenario, chosen(record))
    worlds = worlds_of(scenario) if twin else {ALL: list(faults_of(scenario).values())}
    check_memory(scenario, monitoring, recording, len(worlds), max_memory)
    jobs = [
        partial(simulate, scenario, monitoring, seed, world, acting, recording)
        for world, acting in worlds.items()
    ]
    load_what_worlds_share(scenario)
    done = [-scenario.history] * len(jobs)

    def tell(job: int, time: float) -> None:
        done[job] = time
        if progress is not None:
            progress(sum(done) / len(done))

    if len(jobs) == 1:
        # A process of its own would only cost the time to begin it and to send its results.
        records = {ALL: jobs[0](partial(tell, 0))}
    else:
        records = dict(zip(worlds, run_side_by_side(jobs, tell), strict=True))
    return _findings(scenario, monitoring, seed, records, twin)


def check_memory(
    scenario: Scenario,
    monitoring: Monitoring | None,
    recording: Recording,
    worlds: int,
    max_memory: float | None = None,
) -> None:
    """Raises TooMuchMemory where so many worlds, side by side as far as they can, need too much."""
    at_once = min(worlds, os.cpu_count() or 1)
    needed = memory.estimate(scenario, monitoring, recording, SCRAPE_INTERVAL)
    memory.check(needed, at_once, memory.of_this_machine() if max_memory is None else max_memory)


def run_here(
    scenario: Scenario,
    monitoring: Monitoring | None,
    seed: int,
    worlds: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Findings:
    """Simulate worlds of a scenario in this process, their common past once, without lineage.

    worlds: their names; that of all faults is always run. None for all there are. Records have no
    blast radius.
    """
    recording = Recording.of(scenario, ())
    chosen_worlds = {
        world: acting
        for world, acting in worlds_of(scenario).items()
        if worlds is None or world in worlds or world == ALL
    }
    if len(chosen_worlds) > 1 and not hasattr(os, "fork"):
        records = {
            world: simulate(scenario, monitoring, seed, world, acting, recording, progress)
            for world, acting in chosen_worlds.items()
        }
    else:
        records = simulate_together(scenario, monitoring, seed, chosen_worlds, recording, progress)
    return _findings(scenario, monitoring, seed, records, worlds is None or TWIN in worlds)


def worlds_of(scenario: Scenario) -> dict[str, list[Fault]]:
    """The worlds of a scenario by name, each with its faults: all, and what tells them apart."""
    faults = faults_of(scenario)
    worlds: dict[str, list[Fault]] = {ALL: list(faults.values())}
    if faults:
        worlds[TWIN] = []
        worlds |= {name: [fault] for name, fault in faults.items() if len(faults) > 1}
    return worlds


def _findings(
    scenario: Scenario,
    monitoring: Monitoring | None,
    seed: int,
    records: dict[str, Record],
    twin: bool,
) -> Findings:
    faults = faults_of(scenario)
    if twin and not faults:
        records[TWIN] = records[ALL]
    return Findings(scenario, monitoring, seed, records, faults)


def load_what_worlds_share(scenario: Scenario) -> None:
    """Machine code and scikit-learn, once here and not again in the process of every world."""
    warm()
    for spec in scenario.system.values():
        if isinstance(spec, Model):
            classifier_of(spec.learner)
