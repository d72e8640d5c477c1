"""From the text of an expression to its tree: the grammar's callbacks, and what went wrong."""

import re
from functools import cache
from importlib.resources import files
from math import isfinite

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput

from mlsim.errors import nearest
from mlsim.scenario.functions import FUNCTIONS, Function
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
)
from mlsim.scenario.units import IN_OTHER_WORDS, SECONDS, meant_duration

Argument = tuple[Token | None, Expression]


def read_tree(text: str) -> Expression:
    """The tree of a text; raises Refusal with the place in the text where it can't be read."""
    try:
        # The grammar's callbacks run while it parses: no tree of the parser's own, no recursion.
        return _parser().parse(text)  # type: ignore[return-value]
    except UnexpectedInput as error:
        raise _explained(text, error) from None


@cache
def _parser() -> Lark:
    grammar = files("mlsim.scenario").joinpath("expression.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", transformer=Builder())


def _explained(text: str, error: UnexpectedInput) -> Refusal:
    for found in IN_OTHER_WORDS.finditer(text):
        meant = meant_duration(found[0])
        if meant and found.start() <= (error.pos_in_stream or 0) < found.end():
            return Refusal(_no_unit(found[0].strip()), meant)
    return Refusal(_explain(text, error))


def _no_unit(quantity: str) -> str:
    known = ", ".join(SECONDS)
    return f"must be an expression: '{quantity}' has no unit of time (known: {known})"


def _explain(text: str, error: UnexpectedInput) -> str:
    place = error.pos_in_stream
    rest = text[place:].strip() if place is not None and place >= 0 else ""
    if not rest or getattr(error, "token", None) == "":  # the parser's end of text
        return f"must be an expression, and ends too early {got(text)}"
    unit = re.match(r"([0-9]+\.?[0-9]*|\.[0-9]+)[A-Za-z]\w*", rest)
    if unit:
        return _no_unit(unit[0])
    word = re.match(r"\w+|\W", rest)
    found = word[0] if word else rest[0]
    return (
        f"must be an expression: did not expect '{found}' at character {(place or 0) + 1} "
        f"of '{text if len(text) <= 80 else text[:77] + '...'}'"
    )


@v_args(inline=True)
class Builder(Transformer[Token, Expression]):
    """Makes the tree: one method per rule of the grammar."""

    def number(self, token: Token) -> Expression:
        return _number(float(token), 0)

    def quantity(self, token: Token) -> Expression:
        unit = re.search(r"[a-z]+$", token)
        assert unit is not None, "the grammar demands a unit"
        return _number(float(token[: unit.start()]) * SECONDS[unit[0]], 1)

    def text(self, token: Token) -> Expression:
        return Text(token[1:-1])

    def name(self, token: Token) -> Expression:
        return Name(str(token))

    def with_sign(self, sign: Token, operand: Expression) -> Expression:
        return Unary(operand) if sign == "-" else operand

    def calculated(self, left: Expression, op: Token, right: Expression) -> Expression:
        return Binary(str(op), left, right)

    def per_unit(self, left: Expression, op: Token, unit: Token) -> Expression:
        if op != "/":
            raise Refusal(f"a unit stands after a number or after '/', as in 2{unit} or 3/{unit}")
        return Binary("/", left, Number(SECONDS[unit], dimension=1))

    def compared(self, left: Expression, op: Token, right: Expression) -> Expression:
        return Compare(str(op), left, right)

    def chained(self, *sides: Expression | Token) -> Expression:
        a, first, b, second, c, *_ = sides
        raise Refusal(f"compares more than two: write {a} {first} {b} and {b} {second} {c}")

    def negated(self, operand: Expression) -> Expression:
        return Logic("not", (operand,))

    def all_of(self, left: Expression, right: Expression) -> Expression:
        return Logic("and", (left, right))

    def any_of(self, left: Expression, right: Expression) -> Expression:
        return Logic("or", (left, right))

    def if_else(self, then: Expression, condition: Expression, otherwise: Expression) -> Expression:
        return IfElse(condition, then, otherwise)

    def argument(self, name: Token | None, value: Expression) -> Argument:
        return name, value

    def call(self, name: Token, *arguments: Argument | None) -> Expression:
        function = FUNCTIONS.get(str(name))
        if function is None:
            raise Refusal(f"unknown function '{name}'", nearest(name, FUNCTIONS))
        return _bound(function, [argument for argument in arguments if argument is not None])


def _number(value: float, dimension: int) -> Number:
    if not isfinite(value):
        raise Refusal("holds a number that is too large")
    return Number(value, dimension)


def _bound(function: Function, arguments: list[Argument]) -> Call:
    """The call with every argument under its parameter's name."""
    given: dict[str, Expression] = {}
    room = len(function.parameters)
    while function.repeats and len(arguments) > room:  # min(a, b, c) is min(min(a, b), c)
        arguments = [(None, _bound(function, arguments[:room])), *arguments[room:]]
    known = [parameter.name for parameter in function.parameters]
    for number, (keyword, value) in enumerate(arguments):
        name = str(keyword) if keyword is not None else _positional(function, number, given)
        if name not in known:
            raise Refusal(
                f"{function.name}() has no '{name}': it is {function.signature}",
                nearest(name, known),
            )
        if name in given:
            raise Refusal(f"{function.name}() is given '{name}' twice")
        given[name] = value
    missing = [name for name in known if name not in given]
    if missing:
        raise Refusal(f"{function.name}() needs {', '.join(missing)}: it is {function.signature}")
    return Call(function.name, tuple((name, given[name]) for name in known))


def _positional(function: Function, number: int, given: dict[str, Expression]) -> str:
    if number >= len(function.parameters):
        raise Refusal(f"{function.name}() takes fewer arguments: it is {function.signature}")
    if len(given) < number or list(given) != [p.name for p in function.parameters[:number]]:
        raise Refusal(f"{function.name}(): an argument without a name stands before those with one")
    return function.parameters[number].name
