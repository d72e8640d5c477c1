"""Whether a column can be sent in another unit."""

from collections.abc import Iterable, Iterator

from mlsim.errors import nearest
from mlsim.scenario.kinds import Mistake, Place
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import dimension_of


def not_convertible(
    scenario: Scenario, column: str, unit: str, sent: Iterable[str], places: tuple[Place, Place]
) -> Iterator[Mistake]:
    """A mistake if a column has no unit in its contract, or one of another dimension.

    sent: what its producer sends. places: where the column and the unit stand.
    """
    world = scenario.world.columns()
    own = world[column].unit if column in world else None
    if own is None:
        others = [name for name in sent if name in world and world[name].unit]
        hint = f" (those with one: {', '.join(others)})" if 0 < len(others) <= 8 else ""
        yield places[0], f"must have a unit, and {column} has none{hint}", nearest(column, others)
    elif dimension_of(unit) != dimension_of(own):
        yield places[1], f"must be a {dimension_of(own)} (got '{unit}')", ""
