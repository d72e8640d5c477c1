"""The features of a world at work: SimPy decides when they act, straight lines say what flows.

At each instant at which something may change, the world is settled in rounds: what flows is worked
out, conditions are looked at, and the first event or feature whose condition has become true acts,
until nobody has anything to do. Each begins at most once at an instant. Then everybody waits for
the soonest change of any condition, which is solved for and not stepped over.
"""

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from itertools import combinations

import simpy

from mlsim.scenario.calendar import calendar_offset
from mlsim.scenario.features import Requirement
from mlsim.scenario.spec import Scenario
from mlsim.world.actors import Actor, Formulas, Lineup, actors_of, changed, clipped
from mlsim.world.promises import Promise, Verdict
from mlsim.world.state import Published
from mlsim.world.straight import Look, Straight, Value

TICKS = 500
"""Steps of a horizon in which a curve is followed, unless `every` says otherwise."""

LOOKS = 100
"""Instants within one step at which the world is looked at, at most."""

PromiseKey = tuple[str, int]
"""Whose requirement, and which of the feature's from 0."""


@dataclass(frozen=True)
class Deed:
    """One line of a trace: at `time` (seconds since day 0) `who` has done `what`.

    state: whose value it changed.
    """

    time: float
    who: str
    what: str
    state: str


class Happenings:
    """What happens in one world to its states, and whether its features keep what they promise.

    Features that are not of the lineup do nothing; what they promise is judged all the same.
    deeds: what was done, in order of time. met: pairs of features that reacted to one event.
    """

    def __init__(
        self,
        scenario: Scenario,
        published: Mapping[str, Published],
        clock: simpy.Environment,
        lineup: Lineup | None = None,
    ):
        self._clock, self._published = clock, published
        self._horizon = scenario.horizon
        self._states = states = scenario.world.state
        formulas = Formulas(scenario, calendar_offset(scenario.start))
        self._values: dict[str, Value] = {name: state.start for name, state in states.items()}
        self._slopes = {name: 0.0 for name, state in states.items() if not state.is_text}
        self._flows = [
            (name, formulas(rate))
            for name, state in states.items()
            for rate in state.flows.values()
        ]
        self._actors = actors_of(scenario, formulas, lineup or Lineup.of(scenario))
        self._promises: dict[PromiseKey, Promise] = {
            (name, number): _promise(one, formulas, formulas(feature.when))
            for name, feature in scenario.world.features.items()
            for number, one in enumerate(feature.requires)
        }
        steps = [s.every for s in states.values() if s.flows and s.every]
        self._tick = min(steps, default=scenario.horizon / TICKS)
        self._wake = clock.event()
        self._since = self._busy_since = 0.0
        self._looks = 0
        self._told: dict[str, tuple[Value, float]] = {}
        self.deeds: list[Deed] = []
        self.met: set[frozenset[str]] = set()

    def process(self) -> Generator[simpy.Event, None, None]:
        """Its life in simulated time; it begins at day 0."""
        if self._clock.now < 0:
            yield self._clock.timeout(-self._clock.now)
        while True:
            wait = self._settle()
            self._wake = self._clock.event()
            if math.isinf(wait):
                yield self._wake
            else:
                yield self._clock.timeout(wait) | self._wake

    def stepped(self, name: str, value: float) -> None:
        """A state that follows its own `next` has another value from now on."""
        self._advance()
        self._values[name] = value
        self._stir()

    def verdicts(self) -> dict[PromiseKey, Verdict]:
        """What became of each requirement, once the clock has reached the horizon."""
        self._advance(self._horizon)
        look = self._look()
        for promise in self._promises.values():
            promise.hear(look)
            promise.look(look)
        return {key: one.verdict(self._horizon) for key, one in self._promises.items()}

    def _settle(self) -> float:
        """Let everybody react to what is now; gives the seconds until something may change."""
        self._advance()
        for _ in range(4 + 4 * len(self._actors)):
            look = self._look()
            if not (self._flows_change(look) or self._somebody_acts(look)):
                break
        else:
            look.curved = True  # conditions that won't rest: they are looked at again a tick later
        for promise in self._promises.values():
            promise.look(look)
        self._limits(look)
        self._publish()
        wait = min(look.soonest, self._tick) if look.curved else look.soonest
        return max(wait, self._pause(look.time))

    def _pause(self, now: float) -> float:
        """The least seconds to wait: more than none, and a tick where things won't rest."""
        if now >= self._busy_since + self._tick:
            self._busy_since, self._looks = now, 0
        self._looks += 1
        return self._tick if self._looks > LOOKS else 1e-9 * max(1.0, now)

    def _look(self) -> Look:
        return Look(self._since, self._values, self._slopes)

    def _advance(self, to: float | None = None) -> None:
        now = float(self._clock.now) if to is None else to
        for name, slope in self._slopes.items():
            if slope:
                moved = float(self._values[name]) + slope * (now - self._since)
                low, high = self._states[name].range
                at = next((end for end in (low, high) if math.isclose(moved, end)), moved)
                self._values[name] = clipped(0.0 if abs(at) < 1e-12 else at, self._states[name])
        self._since = now

    def _flows_change(self, look: Look) -> bool:
        rates = dict.fromkeys(self._slopes, 0.0)
        for name, flow in self._flows:
            rates[name] += self._rate(flow, look)
        for actor in self._actors:
            if actor.flowing:
                for action, flow, sign in actor.rates:
                    rates[action.state] += sign * self._rate(flow, look)
        for name, rate in rates.items():
            low, high = self._states[name].range
            value = float(self._values[name])
            if (rate > 0 and value >= high) or (rate < 0 and value <= low):
                rates[name] = 0.0
        if rates == self._slopes:
            return False
        self._slopes = rates
        return True

    def _rate(self, flow: Straight, look: Look) -> float:
        value, slope = flow(look)
        look.curved |= slope != 0.0
        rate = float(value)
        return 0.0 if math.isnan(rate) else rate

    def _somebody_acts(self, look: Look) -> bool:
        for actor in self._actors:
            actor.look(look)
        for promise in self._promises.values():
            promise.hear(look)
        ended = False
        for actor in self._actors:
            if actor.turn and not actor.may:
                ended |= self._end(actor)
        ready = [one for one in self._actors if one.may and not one.turn]
        features = [one.name for one in ready if one.is_feature]
        self.met |= {frozenset(pair) for pair in combinations(features, 2)}
        for actor in ready:
            if actor.acted < look.time and actor.rests <= look.time:
                self._begin(actor)
                return True
            look.comes(max(actor.rests - look.time, 0.0) or self._tick)
        return ended

    def _begin(self, actor: Actor) -> None:
        actor.turn, actor.acted = True, self._since
        if actor.delay:
            self._clock.process(self._later(actor))
        else:
            self._act(actor)

    def _later(self, actor: Actor) -> Generator[simpy.Event, None, None]:
        yield self._clock.timeout(actor.delay)
        self._advance()
        self._act(actor)
        self._stir()

    def _act(self, actor: Actor) -> None:
        look = self._look()
        for action, value in actor.once:
            old = self._values[action.state]
            given = changed(action.op, old, value(look)[0], self._states[action.state])
            self._values[action.state] = given
            if given != old:
                self._tell(actor, f"{action.state}: {_shown(old)} -> {_shown(given)}", action.state)
            else:
                self._tell(actor, f"{action.state} is {_shown(given)} already", action.state)
        if actor.rates and actor.turn:
            actor.flowing = True
            for action, _, _ in actor.rates:
                self._tell(actor, f"{action} begins", action.state)

    def _end(self, actor: Actor) -> bool:
        actor.turn = False
        if actor.acted == self._since:
            actor.rests = self._since + self._tick
        if not actor.flowing:
            return bool(actor.rivals)  # another one may have its turn now
        actor.flowing = False
        for action, _, _ in actor.rates:
            self._tell(actor, f"{action} ends", action.state)
        return True

    def _tell(self, actor: Actor, what: str, state: str) -> None:
        self.deeds.append(Deed(self._since, actor.name, what, state))

    def _limits(self, look: Look) -> None:
        """Wait for what will reach an end of its range."""
        for name, slope in self._slopes.items():
            if slope:
                low, high = self._states[name].range
                end = high if slope > 0 else low
                look.comes((end - float(self._values[name])) / slope)

    def _publish(self) -> None:
        for name, value in self._values.items():
            now = (value, self._slopes.get(name, 0.0))
            if self._states[name].next is None and self._told.get(name) != now:
                self._told[name] = now
                self._published[name].publish(self._since, *now)

    def _stir(self) -> None:
        if not self._wake.triggered:
            self._wake.succeed()


def _promise(one: Requirement, formulas: Formulas, when: Straight) -> Promise:
    if one.after is not None:
        return Promise(one, formulas(one.holds), formulas(one.after))
    return Promise(one, formulas(one.holds), when if one.mode == "eventually" else None)


def _shown(value: Value) -> str:
    return f"'{value}'" if isinstance(value, str) else f"{value:.4g}"
