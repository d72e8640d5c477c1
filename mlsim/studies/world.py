"""One world: a scenario with some of its faults, simulated, watched and judged."""

from collections.abc import Callable, Generator, Iterable, Sequence

import simpy

from mlsim.faults.base import Fault
from mlsim.measures.footprint import BlastRadius, Footprint
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

Life = Callable[[System], Generator[simpy.Event, None, None]]
"""What a fault does in simulated time."""


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
    live = LiveWorld(scenario, monitoring, seed, recording, [fault.process for fault in faults])
    footprint = Footprint(live.system, max((fault.ends for fault in faults), default=0.0))
    if faults:
        live.system.listeners.append(footprint)
        live.system.losses.append(footprint)
    live.system.run(progress)
    return live.record(world, faults, footprint.radius() if faults else None)


class LiveWorld:
    """A system and all that watches it, ready to run. lives: of its faults."""

    def __init__(
        self,
        scenario: Scenario,
        monitoring: Monitoring | None,
        seed: int,
        recording: Recording,
        lives: Iterable[Life],
    ):
        self.scenario, self._monitoring = scenario, monitoring
        self.system = system = System(scenario, seed)
        for life in lives:
            system.clock.process(life(system))
        interval = monitoring.scrape_interval if monitoring else SCRAPE_INTERVAL
        self._recorder = Recorder(system, interval)
        self._ledger = Ledger(scenario, seed, OUTCOME_STEP)
        checks = monitoring.checks if monitoring else {}
        self._checks = Checks(checks, system.collectors, scenario.horizon)
        self._logs = recording.logs(system)
        system.listeners += [self._recorder, self._ledger, self._checks, *self._logs.values()]
        for time in sorted(self._checks.turns):
            system.settle_at(time)
        watching = (system, self._recorder, self._checks)
        self._acting = Acting(monitoring, *watching) if monitoring else None

    def record(self, world: str, faults: Sequence[Fault], radius: BlastRadius | None) -> Record:
        """What is kept of it, after it has run, as the world of that name; judged by its rules."""
        store = SeriesStore(self._recorder.times)
        self._recorder.write(store)
        self._checks.write(store)
        monitoring = self._monitoring
        interval = monitoring.evaluation_interval if monitoring else OUTCOME_STEP
        rules = monitoring.rules if monitoring else ()
        seen = self.system, self._recorder
        return Record(
            world=world,
            faults=tuple(fault.called for fault in faults),
            store=store,
            alerts=judge(rules, store, 0.0, self.scenario.horizon, interval),
            actions=self._acting.calls() if self._acting else call_table([]),
            totals=self._ledger.totals,
            step=self._ledger.step,
            requests=self._ledger.requests,
            components=overview.components(*seen),
            models=overview.models(self.system),
            states=overview.states(self.system),
            radius=radius,
            warnings=(*overview.warnings(self.system), *overview.unended(*seen)),
            tables=tables(self._logs),
        )
