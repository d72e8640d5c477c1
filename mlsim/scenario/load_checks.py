"""Loads among each other: who goes on to which, and after how long."""

from collections.abc import Iterator

from mlsim.errors import nearest
from mlsim.scenario.bounds import constant_value
from mlsim.scenario.expressions import Expression
from mlsim.scenario.functions import FUNCTIONS
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.refusal import Refusal
from mlsim.scenario.spec import Scenario
from mlsim.scenario.tree import Call


def load_problems(scenario: Scenario) -> Iterator[Mistake]:
    """What is wrong with sessions and populations."""
    followed = {name for load in scenario.load.values() for name in load.then}
    for name, load in scenario.load.items():
        place = ("load", name)
        sources = (load.rate, load.trace, load.population)
        if all(source is None for source in sources) and name not in followed:
            message = "needs a rate, a trace or a population, or another load that goes on to it"
            yield place, message, ""
        for next_, _ in load.then.items():
            yield from _step_problems(scenario, name, next_)
        if load.population and load.of and load.population > scenario.world.people:
            message = f"must be at most world.people = {scenario.world.people}"
            yield (*place, "population"), f"{message} (got {load.population})", ""
        if load.think is not None:
            yield from _think_problems(load.think, name)


def _step_problems(scenario: Scenario, name: str, next_: str) -> Iterator[Mistake]:
    place, known = ("load", name, "then", next_), scenario.load
    if next_ not in known:
        if scenario.is_read("load"):
            yield place, f"no load '{next_}'", nearest(next_, known)
    elif known[next_].of != known[name].of:
        yield place, f"needs the same of: in {next_} as in {name}, as the people are the same", ""
    elif known[next_].trace is not None:
        yield place, f"can't lead to {next_}: all requests of a trace are recorded in it", ""


def _think_problems(think: Expression, name: str) -> Iterator[Mistake]:
    place = ("load", name, "think")
    try:
        if isinstance(think, Call) and FUNCTIONS[think.function].random:
            for _, argument in think.args:
                constant_value(argument)
        elif constant_value(think) <= 0:
            message = "must be more than 0: who is answered at once would go round without end"
            yield place, message, "1us"
    except Refusal as refusal:
        yield place, f"{refusal.message}: a distribution with constants, or a constant", ""
