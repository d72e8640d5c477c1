"""Checks of a scenario as a whole, by packages that know what its kinds do."""

from collections.abc import Callable, Iterable, Iterator

from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario

Check = Callable[[Scenario], Iterable[Mistake]]

_CHECKS: list[Check] = []


def scenario_check(check: Check) -> Check:
    """Have a scenario that is read checked by this, too."""
    _CHECKS.append(check)
    return check


def whole_problems(scenario: Scenario) -> Iterator[Mistake]:
    """What all these checks find."""
    for check in _CHECKS:
        yield from check(scenario)
