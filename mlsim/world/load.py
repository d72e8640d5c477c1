"""Load: when requests come, and whose they are."""

from collections.abc import Mapping

import numpy as np

from mlsim.engine.arrivals import Arrivals, Source
from mlsim.engine.columns import Formula, Rows
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
    if scenario.load[name].trace is not None:
        return Replay(trace_of(scenario, name), number)
    return arrivals_of(scenario, name, number, seed, states)


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
