"""One product: some features of a scenario, run from day 0 to the horizon."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import simpy

from mlsim.measures.outcomes import Ledger
from mlsim.scenario.spec import Scenario
from mlsim.system.simulation import System
from mlsim.world.actors import Lineup
from mlsim.world.features import Deed, Happenings, PromiseKey
from mlsim.world.promises import Verdict
from mlsim.world.state import Published


@dataclass(frozen=True)
class ProductRun:
    """What became of a product with some features.

    verdicts: of all promises, by feature and number. deeds: who did what, in order of time. met:
    pairs of features that reacted to one event. states: all of them over time. outcomes: their
    totals, where there is a machine.
    """

    features: tuple[str, ...]
    verdicts: Mapping[PromiseKey, Verdict]
    deeds: tuple[Deed, ...]
    met: frozenset[frozenset[str]]
    states: Mapping[str, Published]
    outcomes: Mapping[str, float]

    def broken(self, key: PromiseKey) -> bool:
        """Whether a promise was broken."""
        return self.verdicts[key].is_broken


def run_product(
    scenario: Scenario,
    seed: int,
    lineup: Lineup,
    progress: Callable[[float], None] | None = None,
) -> ProductRun:
    """Run a product: on a clock of its own, or in the scenario's machine if it has one."""
    if not scenario.has_machine:
        clock = simpy.Environment()
        states = {name: Published(state.start) for name, state in scenario.world.state.items()}
        happenings = Happenings(scenario, states, clock, lineup)
        clock.process(happenings.process())
        clock.run(until=scenario.horizon)
        return _product(lineup, happenings, states, {})
    system = System(scenario, seed, lineup)
    ledger = Ledger(scenario, seed, scenario.horizon)
    system.listeners.append(ledger)
    system.run(progress)
    totals = {name: float(total.sum()) for name, total in ledger.totals.items()}
    return _product(lineup, system.happenings, system.world.states, totals)


def _product(
    lineup: Lineup,
    happenings: Happenings,
    states: Mapping[str, Published],
    outcomes: Mapping[str, float],
) -> ProductRun:
    return ProductRun(
        lineup.features,
        happenings.verdicts(),
        tuple(happenings.deeds),
        frozenset(happenings.met),
        states,
        outcomes,
    )
