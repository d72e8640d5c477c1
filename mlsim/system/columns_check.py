"""Whether a component can read what it wants to read."""

from collections.abc import Iterable, Iterator

from mlsim.errors import nearest
from mlsim.scenario.checks import scenario_check
from mlsim.scenario.dimensions import dimension
from mlsim.scenario.expressions import Expression
from mlsim.scenario.flow_checks import is_connected
from mlsim.scenario.flow_steps import choices
from mlsim.scenario.kinds import Mistake, Place
from mlsim.scenario.refusal import Refusal
from mlsim.scenario.spec import Scenario
from mlsim.system.base import Component
from mlsim.system.wiring import UnknownColumnError, Wiring


def unreadable(
    scenario: Scenario, reader: str, columns: Iterable[tuple[Place, str]]
) -> Iterator[Mistake]:
    """A mistake for each column, at its place, that doesn't reach the component `reader`.

    None while the flow itself has mistakes: what reaches whom isn't known then.
    """
    if not is_connected(scenario):
        return
    wiring = Wiring.of(scenario)
    for place, column in columns:
        try:
            wiring.source(reader, column)
        except UnknownColumnError as error:
            known = ", ".join(error.known) if len(error.known) <= 8 else ""
            hint = f" (what does: {known})" if known else ""
            yield place, f"no '{column}' reaches {reader}{hint}", nearest(column, error.known)


def expressions_of(spec: Component) -> Iterator[tuple[Place, Expression]]:
    """The expressions that stand in a component, with their places in it."""
    for key, value in vars(spec).items():
        if isinstance(value, Expression):
            yield (key,), value
        elif isinstance(value, dict):
            yield from (((key, k), e) for k, e in value.items() if isinstance(e, Expression))


@scenario_check
def mixed_dimensions(scenario: Scenario) -> Iterator[Mistake]:
    """What is found out or decided, where it is compared with or added to a duration."""
    places: list[tuple[Place, Expression]] = [
        (("system", name, *place), expression)
        for name, spec in scenario.system.items()
        for place, expression in expressions_of(spec)
    ]
    places += [
        (("flow", number), condition)
        for number, chain in enumerate(scenario.flow)
        for choice in choices(chain.steps)
        for condition in choice.conditions
    ]
    for place, expression in places:
        try:
            dimension(expression, scenario.outputs())
        except Refusal as refusal:
            yield place, refusal.message, refusal.suggestion
