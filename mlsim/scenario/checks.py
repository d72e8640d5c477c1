"""Checks of a scenario as a whole, by packages that know what its kinds do."""

from collections.abc import Callable, Iterable, Iterator

from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import duration_text

Check = Callable[[Scenario], Iterable[Mistake]]

_CHECKS: list[Check] = []


def scenario_check(check: Check) -> Check:
    """Have a scenario that is read checked by this, too."""
    _CHECKS.append(check)
    return check


def too_late(scenario: Scenario, at: float) -> str:
    """Why nothing begins at a time, in seconds since day 0; "" if it may.

    Who shortens one run by a setting means: without what comes later.
    """
    if at < scenario.horizon or "horizon" in scenario.document.settings:
        return ""
    end = duration_text(scenario.horizon)
    return f"must be before the run ends, at {end}; it would never begin"


def whole_problems(scenario: Scenario) -> Iterator[Mistake]:
    """What all these checks find."""
    for check in _CHECKS:
        yield from check(scenario)
