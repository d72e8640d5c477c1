"""What faults have in common that alter a column of times."""

from collections.abc import Iterator

from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import dimension_of


def not_a_time(scenario: Scenario, column: str) -> Iterator[Mistake]:
    """A mistake if the world's contract of a column gives it no unit of time."""
    known = scenario.world.columns()
    unit = known[column].unit if column in known else None
    if unit is None or dimension_of(unit) != "time":
        yield ("column",), f"must have a unit of time in world, such as s or h ({column})", ""
