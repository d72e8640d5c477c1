"""Whether events and features can do what they say, and whether what they promise can be judged."""

from collections.abc import Iterator

from mlsim.errors import nearest
from mlsim.scenario.bounds import bounds
from mlsim.scenario.calendar import calendar_offset
from mlsim.scenario.dimensions import RATE, dimension, words
from mlsim.scenario.expressions import Expression, names
from mlsim.scenario.features import Action, Event, Feature, Requirement, Resolution
from mlsim.scenario.functions import FUNCTIONS, NUMBER
from mlsim.scenario.kinds import Mistake, Place
from mlsim.scenario.refusal import Refusal
from mlsim.scenario.scopes import misfits
from mlsim.scenario.spec import Scenario, State
from mlsim.scenario.texts import is_text, never, text_complaints, unit_complaints
from mlsim.scenario.tree import Text, calls, substituted
from mlsim.scenario.units import duration_text


def feature_problems(scenario: Scenario) -> Iterator[Mistake]:
    """What is wrong with flows, events, features and resolutions."""
    return _Checks(scenario).all()


class _Checks:
    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._world = scenario.world
        self._states = scenario.world.state
        self._scope = {
            name: None if name in self._states and self._states[name].is_text else NUMBER
            for name in scenario.world.varying
        }

    def all(self) -> Iterator[Mistake]:
        for name, state in self._states.items():
            yield from self._flows(state, ("world", "state", name))
        for name, expression in self._world.drivers.items():
            yield from self._fits(expression, ("world", "drivers", name), named=False)
        for family, known in (("events", self._world.events), ("features", self._world.features)):
            for name, event in known.items():
                yield from self._event(event, ("world", family, name))
        for name in set(self._world.events) & set(self._world.features):
            yield ("world", "features", name), "needs another name: an event has it", ""
        for name, feature in self._world.features.items():
            for number, one in enumerate(feature.requires):
                place = ("world", "features", name, "requires")
                yield from self._requirement(one, feature, self._entry(place, number))
        for name, resolution in self._world.resolutions.items():
            yield from self._resolution(resolution, ("world", "resolutions", name))
        yield from self._loads()

    def _entry(self, place: Place, number: int) -> Place:
        """The place of an entry; of the key where a single text stands for a list."""
        data: object = self._scenario.document.data
        for step in place:
            data = data.get(str(step)) if isinstance(data, dict) else None
        return (*place, number) if isinstance(data, list) else place

    def _fits(
        self, expression: Expression, place: Place, wanted: int | None = NUMBER, named: bool = True
    ) -> Iterator[Mistake]:
        """What is wrong with an expression over states; `named`: its names are checked too."""
        found = list(misfits(expression, self._scope, place, wanted)) if named else []
        for call in calls(substituted(expression, self._world.drivers)) if named else ():
            if FUNCTIONS[call.function].chance:
                message = f"can't use {call.function}(): nobody knows when it changes next"
                found.append((place, message, ""))
        if not found:
            found = [(place, *one) for one in text_complaints(expression, self._states)]
        yield from found or ((place, *one) for one in unit_complaints(expression, self._states))

    def _flows(self, state: State, place: Place) -> Iterator[Mistake]:
        for name, rate in state.flows.items():
            yield from self._fits(rate, (*place, "flows", name), RATE)

    def _event(self, event: Event, place: Place) -> Iterator[Mistake]:
        yield from self._fits(event.when, (*place, "when"))
        if not event.then:
            yield (*place, "then"), "must do something", ""
        for number, action in enumerate(event.then):
            yield from self._action(action, self._entry((*place, "then"), number))

    def _action(self, action: Action, place: Place) -> Iterator[Mistake]:
        state = self._states.get(action.state)
        if state is None:
            yield place, *self._no_state(action.state)
            return
        if state.next is not None:
            yield place, f"can't change {action.state}, which follows its own next", ""
        elif state.is_text or is_text(action.value, self._states):
            yield from self._text_action(action, state, place)
        else:
            mistakes = list(self._fits(action.value, place, None))
            yield from mistakes
            found = None if mistakes else dimension(action.value, self._scope)
            if found == RATE and action.op == "=":
                yield place, f"sets {action.state} to a rate: += or -= lets it flow", ""
            elif found not in (None, NUMBER, RATE):
                yield place, f"must be a number or a rate, and is {words(found)}", ""

    def _no_state(self, name: str) -> tuple[str, str]:
        if name in self._world.drivers:
            return f"can't change {name}, which is worked out anew at every instant", ""
        return f"no state '{name}' in the world", nearest(name, self._states)

    def _text_action(self, action: Action, state: State, place: Place) -> Iterator[Mistake]:
        if not state.is_text:
            yield place, f"can't set {action.state}, which is a number, to {action.value}", ""
        elif action.op != "=":
            yield place, f"can't add to {action.state}, which is a text: set it by =", ""
        elif not is_text(action.value, self._states):
            near = str(action.value)
            message = f"must set {action.state}, which is a text, to a text in quotes"
            yield place, message, near if near in state.values else ""
        elif isinstance(action.value, Text):
            for one in never(action.state, action.value.value, self._states):
                yield place, *one
        else:
            yield from self._fits(action.value, place, None)

    def _requirement(self, one: Requirement, owner: Feature, place: Place) -> Iterator[Mistake]:
        horizon = self._scenario.horizon
        mistakes = list(self._fits(one.holds, place))
        if one.after is not None:
            mistakes += self._fits(one.after, place)
        yield from mistakes
        if mistakes or not self._scenario.is_read("horizon"):
            return
        last = horizon - (one.within or 0.0)
        if last < 0:
            message = f"can't be judged within the horizon of {duration_text(horizon)}"
            yield place, f"{message}, which is shorter than {duration_text(one.within or 0)}", ""
            return
        begins = one.after or (owner.when if one.mode == "eventually" else None)
        if begins is not None and not self._is_possible(begins, last):
            by = "before the horizon" if last == horizon else f"by {duration_text(last)}"
            message = f"can't be judged within the horizon: '{begins.text}' never holds {by}"
            yield place, message, ""

    def _is_possible(self, condition: Expression, until: float) -> bool:
        """Whether a condition may hold at some time from day 0 until then, in seconds."""
        ranges = {n: s.range for n, s in self._states.items() if not s.is_text}
        inside = substituted(condition, self._world.drivers)
        try:
            calendar = calendar_offset(self._scenario.start)
            return bounds(inside, 0.0, until, ranges, calendar)[1] > 0
        except Refusal:  # texts have no bounds
            return True

    def _resolution(self, resolution: Resolution, place: Place) -> Iterator[Mistake]:
        features = self._world.features
        for key in ("priority", "locks"):
            for number, name in enumerate(getattr(resolution, key)):
                if name not in features:
                    here = (*place, key, number)
                    yield here, f"no feature '{name}'", nearest(name, features)
        if not (resolution.priority or resolution.locks or resolution.settings):
            yield place, "needs priority, locks or settings", ""

    def _loads(self) -> Iterator[Mistake]:
        """A rate has to be known until a state's next step: others may change at any time."""
        for name, load in self._scenario.load.items():
            if load.rate is None:
                continue
            rate = substituted(load.rate, self._world.drivers)
            for used in names(rate):
                if used in self._states and self._states[used].next is None:
                    message = f"can't follow {used}, which may change at any time: only with next"
                    yield ("load", name, "rate"), message, ""
