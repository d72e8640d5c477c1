"""Dimensions of expressions: durations, rates and numbers don't mix by accident."""

from collections.abc import Mapping

from mlsim.scenario.functions import FUNCTIONS, NUMBER, SAME, TEXT, TIME
from mlsim.scenario.readable import readable
from mlsim.scenario.refusal import Refusal
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

RATE = -1
Dimension = int | None
"""Exponent of time; None fits everything (a name whose dimension isn't known, or the number 0)."""


def dimension(expression: Expression, scope: Mapping[str, Dimension] | None = None) -> Dimension:
    """The dimension of an expression; raises Refusal where its parts don't fit together.

    scope: dimensions of the names that it uses; a name that isn't in it fits everything.

    >>> dimension(Binary("/", Number(3.0), Number(2.0, dimension=1)))
    -1
    """
    return _Inference(scope or {}).of(expression)


def words(dimension: Dimension) -> str:
    """What a dimension is called."""
    match dimension:
        case None:
            return "anything"
        case 0:
            return "a number"
        case 1:
            return "a duration"
        case -1:
            return "a rate"
    return f"a number of s**{dimension}"


class _Inference:
    def __init__(self, scope: Mapping[str, Dimension]) -> None:
        self._scope = scope

    def of(self, node: Expression) -> Dimension:
        match node:
            case Number(value=0, dimension=0):
                return None
            case Number(dimension=dimension):
                return dimension
            case Name(name=name):
                return self._scope.get(name)
            case Text():
                raise Refusal(f"text such as {node} can only be compared, with == or !=")
            case Unary(operand=operand):
                return self.of(operand)
            case Binary():
                return self._arithmetic(node)
            case Compare():
                return self._comparison(node)
            case Logic(operands=operands):
                for operand in operands:
                    self._demand(operand, NUMBER)
                return NUMBER
            case IfElse(condition=condition, then=then, otherwise=otherwise):
                self._demand(condition, NUMBER)
                return self._common(then, otherwise)
            case Call():
                return self._call(node)
        raise TypeError(f"no dimension for {node!r}")

    def _arithmetic(self, node: Binary) -> Dimension:
        if node.op in "+-":
            return self._common(node.left, node.right)
        if node.op == "**":
            self._demand(node.left, NUMBER)
            self._demand(node.right, NUMBER)
            return NUMBER
        left, right = self.of(node.left), self.of(node.right)
        if left is None or right is None:
            return None
        return left + right if node.op == "*" else left - right

    def _comparison(self, node: Compare) -> Dimension:
        texts = [side for side in node.children if isinstance(side, Text)]
        if not texts:
            self._common(node.left, node.right)
        elif node.op not in ("==", "!=") or len(texts) == 2:
            raise Refusal(f"text such as {texts[0]} can only be compared with a name, by == or !=")
        return NUMBER

    def _call(self, call: Call) -> Dimension:
        function = FUNCTIONS[call.function]
        shared: Dimension = None
        for parameter, (_, argument) in zip(function.parameters, call.args, strict=True):
            if parameter.dimension == TEXT:
                self._demand_text(argument, f"{parameter.name} of {call.function}()")
            elif parameter.dimension == SAME:
                shared = self._merge(shared, self.of(argument), argument)
            else:
                wanted = TIME if parameter.dimension == TIME else NUMBER
                self._demand(argument, wanted, f"{parameter.name} of {call.function}() ")
        if function.result == TEXT:
            return None
        return shared if function.result == SAME else NUMBER

    def _common(self, left: Expression, right: Expression) -> Dimension:
        return self._merge(self.of(left), self.of(right), right)

    def _merge(self, one: Dimension, other: Dimension, what: Expression) -> Dimension:
        if one is not None and other is not None and one != other:
            raise Refusal(
                f"mixes {words(one)} with {words(other)}: "
                f"{readable(what)} would have to be {words(one)}"
            )
        return other if one is None else one

    def _demand(self, node: Expression, wanted: int, what: str = "") -> None:
        found = self.of(node)
        if found is not None and found != wanted:
            raise Refusal(f"{what or f'{node} '}must be {words(wanted)}, and is {words(found)}")

    def _demand_text(self, node: Expression, what: str) -> None:
        is_made = isinstance(node, Call) and FUNCTIONS[node.function].result == TEXT
        named = isinstance(node, Name) and self._scope.get(node.name) is None
        if is_made:
            self.of(node)
        elif not (named or isinstance(node, Text)):
            raise Refusal(f"{what} must be a text in quotes, or a state that is one (got {node})")
