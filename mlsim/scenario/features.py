"""Product features as a scenario says them: when they act, what they do, what they promise.

fire_control:
  when: fire > 1
  then: [sprinklers = 'on', water -= 0.5/s]
  requires: eventually fire == 0 within 5min
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from mlsim.scenario.dimensions import RATE, dimension
from mlsim.scenario.expressions import Condition, Expression, names, parse
from mlsim.scenario.functions import NUMBER
from mlsim.scenario.kinds import Spec
from mlsim.scenario.refusal import Refusal, got
from mlsim.scenario.tree import Text, random_calls
from mlsim.scenario.units import Duration, Name, Quantity, duration, duration_text

_ACTION = re.compile(r"\s*([A-Za-z_]\w*)\s*(\+=|-=|=)(?!=)\s*(.+)", re.DOTALL)
_REQUIREMENT = re.compile(
    r"\s*(?P<mode>always|never|eventually)\s+(?P<holds>.+?)"
    r"(\s+within\s+(?P<within>\S+))?(\s+after\s+(?P<after>.+))?\s*",
    re.DOTALL,
)
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")


@dataclass(frozen=True)
class Action:
    """Something that is done to a state: `valve = 'closed'`, `budget -= 5`, `water -= 0.5/s`.

    op: = sets it, += and -= change it; by an amount once, by a rate as long as `when` holds.
    """

    state: str
    op: Literal["=", "+=", "-="]
    value: Expression

    @cached_property
    def lasts(self) -> bool:
        """Whether it goes on as long as the condition holds: it has a rate, and no amount."""
        try:
            return dimension(self.value, dict.fromkeys(names(self.value), NUMBER)) == RATE
        except Refusal:  # a text
            return False

    def __str__(self) -> str:
        return f"{self.state} {self.op} {self.value.text}"


@dataclass(frozen=True)
class Requirement:
    """What a feature promises, over time.

    mode: `always` (at every instant), `never`, or `eventually` (at some instant). holds: what.
    within: for how long, in seconds, or how soon; None for up to the horizon. after: what it
    counts from, each time that this becomes true; None for day 0, or for `eventually` the moment
    at which the feature's own `when` becomes true.
    """

    mode: Literal["always", "never", "eventually"]
    holds: Expression
    within: float | None
    after: Expression | None

    def __str__(self) -> str:
        within = "" if self.within is None else f" within {duration_text(self.within)}"
        after = "" if self.after is None else f" after {self.after.text}"
        return f"{self.mode} {self.holds.text}{within}{after}"


def action(value: object) -> Action:
    """An action from its text.

    >>> str(action("water -= 0.5/s")), action("water -= 0.5/s").lasts
    ('water -= 0.5/s', True)
    """
    if isinstance(value, Action):
        return value
    match = _ACTION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Refusal(f"must be {_ACTION_WORDS} {got(value)}")
    given = match[3].strip()
    text = Text(given[1:-1], text=given) if _QUOTED.fullmatch(given) else None
    return Action(match[1], match[2], text or _drawless(given))  # type: ignore[arg-type]


def requirement(value: object) -> Requirement:
    """A requirement from its text.

    >>> requirement("eventually fire == 0 within 5min").within
    300.0
    """
    if isinstance(value, Requirement):
        return value
    # What stands in quotes may hold any word: it is looked at with its letters hidden.
    hidden = _QUOTED.sub(lambda m: "'" + "_" * (len(m[0]) - 2) + "'", str(value))
    match = _REQUIREMENT.fullmatch(hidden) if isinstance(value, str) else None
    if match is None:
        raise Refusal(f"must be {_REQUIREMENT_WORDS} {got(value)}")
    part = {name: str(value)[slice(*match.span(name))] for name in match.groupdict()}
    return Requirement(
        part["mode"],  # type: ignore[arg-type]
        _drawless(part["holds"]),
        duration(part["within"]) if match["within"] else None,
        _drawless(part["after"]) if match["after"] else None,
    )


def _drawless(text: str) -> Expression:
    expression = parse(text)
    if drawn := random_calls(expression):
        raise Refusal(f"can't use {drawn[0].function}(), which is random {got(text)}")
    return expression


_ACTION_WORDS = "an action such as valve = 'closed', budget -= 5 or water -= 0.5/s"
_REQUIREMENT_WORDS = (
    "a requirement such as always basement < 50 or eventually fire == 0 within 5min after alarm"
)
Actions = tuple[Annotated[Action, Quantity(_ACTION_WORDS, action)], ...]
Requirements = tuple[Annotated[Requirement, Quantity(_REQUIREMENT_WORDS, requirement)], ...]


class Event(Spec):
    """Something that happens in the world by itself, whichever features there are."""

    when: Condition
    """It happens each time that this becomes true."""
    then: Actions = Field(json_schema_extra={"minItems": 1})
    """What is done to states: once with an amount, as long as `when` holds with a rate."""
    delay: Duration = 0.0
    """How long after `when` became true it is done; it is done then, come what may."""

    @field_validator("then", mode="before")
    @classmethod
    def _several(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


class Feature(Event):
    """A product feature: it acts on states of the world, and promises something."""

    title: str = ""
    """What reports call it; its name if not given."""
    requires: Requirements = ()
    """What it promises, alone and with others."""

    @field_validator("requires", mode="before")
    @classmethod
    def _promises(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


class Resolution(Spec):
    """A way to resolve interactions, judged by the same promises."""

    title: str = ""
    """What reports call it; its name if not given."""
    priority: tuple[Name, ...] = ()
    """Features, the most important first: one acts while no `when` of those before it holds."""
    locks: tuple[Name, ...] = ()
    """Features of which one acts at a time: the others wait until its `when` holds no more."""
    settings: dict[str, Any] = {}
    """Other values of the scenario, by path: a resource of its own, a rule that coordinates."""
