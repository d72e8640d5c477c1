"""What changes of the world have in common: something else is true, the machine is innocent."""

from collections.abc import Iterable, Mapping

from mlsim.engine.spread import Spread
from mlsim.errors import nearest
from mlsim.faults.base import Fault
from mlsim.scenario.expressions import Expression, names
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Column, Scenario
from mlsim.scenario.units import Duration, Probability
from mlsim.system.simulation import System
from mlsim.world.alteration import Alteration


class WorldChange(Fault):
    """The world is another one for requests that arrive while it lasts.

    It changes what is true, so no row of the machine is wrong, and lineage has nothing to mark:
    what was learned before has become wrong.
    """

    ramp: Duration = 0.0
    """How long the change takes; 0 is at once."""
    share: Probability = 1.0
    """How far it goes in the end: to this share of the requests, or of the way for a driver."""

    @property
    def changes(self) -> str:
        """The driver or column of the world that is changed."""
        raise NotImplementedError

    def alteration(self, system: System, spread: Spread) -> Alteration:
        """The change, as it spreads."""
        raise NotImplementedError

    def begin(self, system: System) -> None:
        now = float(system.clock.now)
        spread = Spread(now, self.ramp, self.share, self.stream(system))
        system.world.alter(self.changes, self.alteration(system, spread))

    def end(self, system: System) -> None:
        system.world.restore(self.changes, self.stream(system), float(system.clock.now))


def per_request(scenario: Scenario, column: str) -> Iterable[Mistake]:
    """What is wrong with a column that must be drawn anew for each request."""
    records = _records(scenario)
    if column in scenario.world.person:
        yield ("column",), f"{column} belongs to a person, and is drawn once", ""
    elif column not in records:
        yield ("column",), f"no column '{column}' in the world", nearest(column, records)


def out_of_sight(scenario: Scenario, column: str, becomes: Expression) -> Iterable[Mistake]:
    """Names that an expression for a column of the world can't use at its place."""
    block = next((b for b in scenario.world.records.values() if column in b), {})
    earlier = list(block)[: list(block).index(column)] if column in block else []
    known = [*scenario.world.varying, *scenario.world.person, *earlier]
    for name in names(becomes):
        if name not in known:
            message = f"{column} can't depend on '{name}', which is not drawn before it"
            yield ("becomes",), message, nearest(name, known)


def _records(scenario: Scenario) -> Mapping[str, Column]:
    return {name: c for block in scenario.world.records.values() for name, c in block.items()}
