"""Load: when requests come, and whose they are."""

import numpy as np

from mlsim.engine.arrivals import Arrivals
from mlsim.engine.columns import Formula, Rows
from mlsim.scenario import expressions as ex
from mlsim.scenario.calendar import calendar_offset
from mlsim.scenario.spec import Scenario


def arrivals_of(scenario: Scenario, name: str, number: int, seed: int) -> Arrivals:
    """The arrivals of one load of a scenario; `number` tells its ids from those of other loads."""
    expression = scenario.load[name].rate
    calendar = calendar_offset(scenario.start)
    formula = Formula(expression, seed, f"load/{name}/rate", calendar)

    def rate(time: np.ndarray) -> np.ndarray:
        return np.asarray(formula(Rows(np.empty(time.size, np.int64), time, {})), dtype=float)

    def upper(start: float, end: float) -> float:
        return ex.bounds(expression, start, end, calendar=calendar)[1]

    return Arrivals(rate, upper, seed, name, number)
