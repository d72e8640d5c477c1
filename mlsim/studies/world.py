"""One world: a scenario with some of its faults, simulated, watched and judged."""

from collections.abc import Callable, Sequence

from mlsim.faults.base import Fault
from mlsim.measures.footprint import Footprint
from mlsim.measures.outcomes import Ledger
from mlsim.measures.record import Record
from mlsim.monitoring.acting import Acting, call_table
from mlsim.monitoring.checks.runner import Checks
from mlsim.monitoring.judging import judge
from mlsim.monitoring.spec import Monitoring
from mlsim.scenario.spec import Scenario
from mlsim.studies.recording import Recording, tables
from mlsim.system.simulation import System
from mlsim.telemetry import overview
from mlsim.telemetry.recorder import Recorder
from mlsim.telemetry.store import SeriesStore

SCRAPE_INTERVAL = 30.0
"""Seconds between two scrapes where no monitoring file says otherwise."""
OUTCOME_STEP = 60.0
"""Seconds to which damage before and after an alert is told apart."""


def simulate(
    scenario: Scenario,
    monitoring: Monitoring | None,
    seed: int,
    world: str,
    faults: Sequence[Fault],
    recording: Recording,
    progress: Callable[[float], None] | None = None,
) -> Record:
    """Run one world from its history to its horizon; `progress` is told the simulated time."""
    system = System(scenario, seed)
    for fault in faults:
        system.clock.process(fault.process(system))
    recorder = Recorder(system, monitoring.scrape_interval if monitoring else SCRAPE_INTERVAL)
    ledger = Ledger(scenario, seed, OUTCOME_STEP)
    checks = Checks(monitoring.checks if monitoring else {}, system.collectors, scenario.horizon)
    logs = recording.logs(system)
    system.listeners += [recorder, ledger, checks, *logs.values()]
    footprint = Footprint(system, max((fault.ends for fault in faults), default=0.0))
    if faults:
        system.listeners.append(footprint)
    for time in sorted(checks.turns):
        system.settle_at(time)
    acting = Acting(monitoring, system, recorder, checks) if monitoring else None
    system.run(progress)

    store = SeriesStore(recorder.times)
    recorder.write(store)
    checks.write(store)
    return Record(
        world=world,
        faults=tuple(fault.called for fault in faults),
        store=store,
        alerts=judge(
            monitoring.rules if monitoring else (),
            store,
            0.0,
            scenario.horizon,
            monitoring.evaluation_interval if monitoring else OUTCOME_STEP,
        ),
        actions=acting.calls() if acting else call_table([]),
        totals=ledger.totals,
        step=ledger.step,
        requests=ledger.requests,
        components=overview.components(system, recorder),
        models=overview.models(system),
        radius=footprint.radius() if faults else None,
        warnings=overview.warnings(system),
        tables=tables(logs),
    )
