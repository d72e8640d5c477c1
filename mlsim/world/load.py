"""Load: when requests come, and whose they are."""

from collections.abc import Mapping

import numpy as np

from mlsim.engine.arrivals import Arrivals, Source, merge
from mlsim.engine.columns import Formula, Rows
from mlsim.engine.sessions import Population, first_ids
from mlsim.scenario import expressions as ex
from mlsim.scenario.calendar import calendar_offset
from mlsim.scenario.spec import Scenario
from mlsim.world.state import Published
from mlsim.world.trace import Replay, trace_of


def source_of(
    scenario: Scenario,
    name: str,
    number: int,
    seed: int,
    states: Mapping[str, Published] | None = None,
) -> Source:
    """Where the requests of one load come from: see `arrivals_of` for the parameters."""
    load = scenario.load[name]
    if load.trace is not None:
        return Replay(trace_of(scenario, name), number)
    if load.population is not None:
        return _population(scenario, name, number, seed)
    if load.rate is None:
        return merge([])  # all its people come from other loads
    return arrivals_of(scenario, name, number, seed, states)


def _population(scenario: Scenario, name: str, number: int, seed: int) -> Population:
    """The people of a closed population; each begins to think when the run begins."""
    load = scenario.load[name]
    assert load.population is not None
    assert load.think is not None, "validation sees to it"
    ids = first_ids(number, load.population, scenario.world.people if load.of else load.population)
    begin = np.full(ids.size, -scenario.history)
    thought = Formula(load.think, seed, f"load/{name}/think")(Rows(ids, begin, {}))
    return Population(begin + np.maximum(thought, 0.0), ids)


def arrivals_of(
    scenario: Scenario,
    name: str,
    number: int,
    seed: int,
    states: Mapping[str, Published] | None = None,
) -> Arrivals:
    """The arrivals of one load that has a rate; `number` tells its ids from those of other loads.

    states: those of the world by name; a rate that follows one can be asked for only as far ahead
    as the state is known.
    """
    expression = scenario.load[name].rate
    assert expression is not None, "asked only of loads that have one"
    calendar = calendar_offset(scenario.start)
    formula = Formula(expression, seed, f"load/{name}/rate", calendar)
    followed = {n: s for n, s in (states or {}).items() if n in ex.names(expression)}

    def rate(time: np.ndarray) -> np.ndarray:
        rows = Rows(np.empty(time.size, np.int64), time, {})
        columns = {name: state(rows) for name, state in followed.items()}
        return np.asarray(formula(Rows(rows.ids, time, columns)), dtype=float)

    def upper(start: float, end: float) -> float:
        known = {name: state.between(start, end) for name, state in followed.items()}
        return ex.bounds(expression, start, end, known, calendar=calendar)[1]

    return Arrivals(rate, upper, seed, name, number)
