"""Events and features as they act: when it is their turn, and what they do then."""

from collections.abc import Sequence
from dataclasses import dataclass

from mlsim.scenario.expressions import Expression
from mlsim.scenario.features import Event, Resolution
from mlsim.scenario.spec import Scenario, State
from mlsim.scenario.tree import substituted
from mlsim.world.straight import Look, Straight, Value, holds, straight


class Actor:
    """An event or a feature of a running world.

    name: what it is called. is_feature: whether it is one. wants: whether its condition holds.
    turn: whether it has reacted to that, and goes on. flowing: whether its rates flow.
    acted: when it last began, in seconds. rests: until when it does nothing, since it had begun and
    ended at one instant: so a condition that its action ends at once lets time go on.
    """

    def __init__(self, name: str, event: Event, formulas: "Formulas", is_feature: bool):
        self.name, self.is_feature = name, is_feature
        self.delay = event.delay
        self._when = formulas(event.when)
        self.once = [(a, formulas(a.value)) for a in event.then if not a.lasts]
        self.rates = [
            (a, formulas(a.value), -1.0 if a.op == "-=" else 1.0) for a in event.then if a.lasts
        ]
        self.wants = self.turn = self.flowing = False
        self.acted = self.rests = float("-inf")
        self.before: Sequence[Actor] = ()
        self.rivals: Sequence[Actor] = ()

    def look(self, look: Look) -> None:
        """See whether its condition holds."""
        self.wants = holds(self._when(look))

    @property
    def may(self) -> bool:
        """Whether it may act: nobody more important wants to, and nobody holds the lock."""
        return (
            self.wants
            and not any(one.wants for one in self.before)
            and (self.turn or not any(one.turn for one in self.rivals))
        )


class Formulas:
    """Makes expressions of a world ready to be computed, with its drivers put in."""

    def __init__(self, scenario: Scenario, calendar: float):
        self._drivers, self._calendar = scenario.world.drivers, calendar

    def __call__(self, expression: Expression) -> Straight:
        inside = expression
        while (deeper := substituted(inside, self._drivers)) != inside:
            inside = deeper
        return straight(inside, self._calendar)


def changed(op: str, old: Value, given: Value, state: State) -> Value:
    """The value of a state after an action, within its range."""
    if isinstance(given, str) or isinstance(old, str):
        return given
    value = given if op == "=" else old + given if op == "+=" else old - given
    return clipped(value, state)


def clipped(value: float, state: State) -> float:
    """A number, moved to the nearest end of the state's range if it is beyond."""
    low, high = state.range
    return min(max(value, low), high)


@dataclass(frozen=True)
class Lineup:
    """Which features a product has, in the order in which they react where several react at once.

    resolution: what keeps them from getting into each other's way, if anything.
    """

    features: tuple[str, ...]
    resolution: Resolution | None = None

    @staticmethod
    def of(scenario: Scenario) -> "Lineup":
        """All features of a scenario, in the order of its file."""
        return Lineup(tuple(scenario.world.features))


def actors_of(scenario: Scenario, formulas: Formulas, lineup: Lineup) -> list[Actor]:
    """The events of a world in the order of the file, then the features of a lineup."""
    world = scenario.world
    events = [Actor(name, event, formulas, False) for name, event in world.events.items()]
    features = {name: Actor(name, world.features[name], formulas, True) for name in lineup.features}
    if lineup.resolution is not None:
        ranked = [features[name] for name in lineup.resolution.priority if name in features]
        for place, actor in enumerate(ranked):
            actor.before = ranked[:place]
        sharing = [features[name] for name in lineup.resolution.locks if name in features]
        for actor in sharing:
            actor.rivals = [one for one in sharing if one is not actor]
    return [*events, *features.values()]
