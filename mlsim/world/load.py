"""Load: when requests come, and whose they are."""

from collections.abc import Mapping

import numpy as np

from mlsim.engine.arrivals import Arrivals
from mlsim.engine.columns import Formula, Rows
from mlsim.scenario import expressions as ex
from mlsim.scenario.calendar import calendar_offset
from mlsim.scenario.spec import Scenario
from mlsim.world.state import Published


def arrivals_of(
    scenario: Scenario,
    name: str,
    number: int,
    seed: int,
    states: Mapping[str, Published] | None = None,
) -> Arrivals:
    """The arrivals of one load of a scenario; `number` tells its ids from those of other loads.

    states: those of the world by name; a rate that follows one can be asked for only as far ahead
    as the state is known.
    """
    expression = scenario.load[name].rate
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
