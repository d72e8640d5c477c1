"""The expressions of the scenario language: `0.02 + 0.03 * ramp(7d, 21d)`.

Read by a grammar (expression.lark), never by Python. A scenario is data: length and depth are
limited, so that reading and computing an expression always ends.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from mlsim.scenario.bounds import bounds, constant_value
from mlsim.scenario.dimensions import RATE, dimension
from mlsim.scenario.dimensions import words as dimension_words
from mlsim.scenario.functions import FUNCTIONS, NUMBER, TIME, Parameter
from mlsim.scenario.reading import read_tree
from mlsim.scenario.refusal import Refusal, got
from mlsim.scenario.tree import (
    Binary,
    Call,
    Compare,
    Expression,
    IfElse,
    Logic,
    Name,
    Number,
    Text,
    Unary,
    calls,
    chance_calls,
    depth,
    names,
    random_calls,
    walk,
)
from mlsim.scenario.units import Quantity

__all__ = [
    "AnyExpression",
    "Binary",
    "Call",
    "Compare",
    "Condition",
    "DriverExpression",
    "DurationExpression",
    "Expression",
    "FixedExpression",
    "IfElse",
    "Logic",
    "Name",
    "Number",
    "NumberExpression",
    "RateExpression",
    "Text",
    "Unary",
    "bounds",
    "chance_calls",
    "constant_value",
    "dimension",
    "names",
    "parse",
    "random_calls",
]

MAX_LENGTH = 4_000
MAX_DEPTH = 100


def parse(text: str) -> Expression:
    """The tree of an expression; raises Refusal if it is none, or if its parts don't fit together.

    >>> print(parse("2 * ramp(7d, 21d)"))
    (2.0 * ramp(from=604800.0s, to=1814400.0s))
    """
    if len(text) > MAX_LENGTH:
        raise Refusal(f"must be an expression of at most {MAX_LENGTH} characters")
    expression = read_tree(text)
    if depth(expression) > MAX_DEPTH:
        raise Refusal(f"must be an expression of at most {MAX_DEPTH} levels")
    dimension(expression)
    for call in calls(expression):
        _check_limits(call)
    return replace(expression, text=text)


def _check_limits(call: Call) -> None:
    """Refuse constants outside of a parameter's limits: a probability over 1, a mean of 0."""
    function = FUNCTIONS[call.function]
    constants = {name: constant_value(arg) for name, arg in call.args if _is_constant(arg)}
    if function.chance and len(constants) < len(call.args):
        raise Refusal(f"the arguments of {call.function}() must be constants (got '{call}')")
    for parameter in function.parameters:
        if parameter.name in constants and not _within(parameter, constants[parameter.name]):
            raise Refusal(
                f"{parameter.name} of {call.function}() must be {_limits(parameter)} "
                f"(got {constants[parameter.name]:g})"
            )
    if function.order and set(function.order) <= set(constants):
        first, second = function.order
        if constants[first] > constants[second]:
            raise Refusal(f"{first} of {call.function}() must not be more than {second}")


def _is_constant(expression: Expression) -> bool:
    return not any(
        isinstance(node, Name | Text)
        or (isinstance(node, Call) and (f := FUNCTIONS[node.function]) and (f.random or f.varies))
        for node in walk(expression)
    )


def _within(parameter: Parameter, value: float) -> bool:
    if parameter.above and value == parameter.low:
        return False
    return parameter.low <= value <= parameter.high


def _limits(parameter: Parameter) -> str:
    if parameter.high == 1:
        return "from 0 to 1"
    return f"{'more than' if parameter.above else 'at least'} {parameter.low:g}"


def _field(words: str, wanted: int | None, draws: bool = True) -> Callable[[object], Expression]:
    """What reads an expression of one dimension out of a field of a scenario."""

    def read(value: object) -> Expression:
        expression = _expression(value, words)
        found = dimension(expression)
        if wanted is not None and found is not None and found != wanted:
            raise Refusal(f"must be {words}, and is {dimension_words(found)} {got(value)}")
        drawn = random_calls(expression)
        if drawn and not draws:
            raise Refusal(f"must be {words}, and {drawn[0].function}() is random {got(value)}")
        return expression

    return read


def _expression(value: object, words: str) -> Expression:
    if isinstance(value, Expression):
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Refusal(f"must be {words} {got(value)}")
    return parse(value if isinstance(value, str) else repr(value))


_DURATION = "a duration such as 50ms or lognormal(mean=50ms, cv=0.5)"
_RATE = "a rate such as 2.5/s, constant or over time"
_NUMBER = "a number or an expression for one"
_CONDITION = "a condition such as infected and not advice.isolate"
_ANY = "a number, a duration or an expression for one"
_TYPES = ("string", "number")

DurationExpression = Annotated[Expression, Quantity(_DURATION, _field(_DURATION, TIME), _TYPES)]
RateExpression = Annotated[Expression, Quantity(_RATE, _field(_RATE, RATE, draws=False), _TYPES)]
DriverExpression = Annotated[
    Expression, Quantity(_NUMBER, _field(_NUMBER, NUMBER, draws=False), _TYPES)
]
NumberExpression = Annotated[Expression, Quantity(_NUMBER, _field(_NUMBER, NUMBER), _TYPES)]
Condition = Annotated[
    Expression, Quantity(_CONDITION, _field(_CONDITION, NUMBER, draws=False), _TYPES)
]
AnyExpression = Annotated[Expression, Quantity(_ANY, _field(_ANY, None), _TYPES)]
FixedExpression = Annotated[Expression, Quantity(_ANY, _field(_ANY, None, draws=False), _TYPES)]
