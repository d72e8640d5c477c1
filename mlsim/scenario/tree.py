"""Expressions as trees: what `expressions.parse` gives, and what formulas compute."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mlsim.scenario.functions import FUNCTIONS


@dataclass(frozen=True)
class Expression:
    """A node of an expression; `str()` writes it so that `parse` reads the same tree.

    text: the source, on the node that `parse` gives; "" on the nodes inside.
    """

    text: str = field(default="", kw_only=True, compare=False, repr=False)

    @property
    def children(self) -> tuple["Expression", ...]:
        """The nodes directly inside, in reading order."""
        return ()


@dataclass(frozen=True)
class Number(Expression):
    """A constant. dimension: exponent of time; 1 for `50ms`, whose value is 0.05 seconds."""

    value: float
    dimension: int = 0

    def __str__(self) -> str:
        return f"{self.value!r}s" if self.dimension else repr(self.value)


@dataclass(frozen=True)
class Text(Expression):
    """A word in quotes, to compare with."""

    value: str

    def __str__(self) -> str:
        return f'"{self.value}"' if "'" in self.value else f"'{self.value}'"


@dataclass(frozen=True)
class Name(Expression):
    """A driver, a column, or an output of a component: `risk_model.score`."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Unary(Expression):
    """-operand."""

    operand: Expression

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.operand,)

    def __str__(self) -> str:
        return f"(-{self.operand})"


@dataclass(frozen=True)
class _Pair(Expression):
    op: str
    left: Expression
    right: Expression

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.left, self.right)

    def __str__(self) -> str:
        return f"({self.left} {self.op} {self.right})"


@dataclass(frozen=True)
class Binary(_Pair):
    """Arithmetic. op: + - * / **"""


@dataclass(frozen=True)
class Compare(_Pair):
    """1 where it holds, else 0. op: < <= > >= == !="""


@dataclass(frozen=True)
class Logic(Expression):
    """1 where it holds, else 0. op: and, or (two operands), not (one)."""

    op: str
    operands: tuple[Expression, ...]

    @property
    def children(self) -> tuple[Expression, ...]:
        return self.operands

    def __str__(self) -> str:
        if self.op == "not":
            return f"(not {self.operands[0]})"
        return "(" + f" {self.op} ".join(map(str, self.operands)) + ")"


@dataclass(frozen=True)
class IfElse(Expression):
    """`then if condition else otherwise`."""

    condition: Expression
    then: Expression
    otherwise: Expression

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.then, self.condition, self.otherwise)

    def __str__(self) -> str:
        return f"({self.then} if {self.condition} else {self.otherwise})"


@dataclass(frozen=True)
class Call(Expression):
    """A function of the catalogue. args: all (parameter, argument), in the catalogue's order.

    stream: of its chance, where that belongs to somebody else than who computes it; else "".
    """

    function: str
    args: tuple[tuple[str, Expression], ...]
    stream: str = field(default="", kw_only=True, compare=False, repr=False)

    @property
    def children(self) -> tuple[Expression, ...]:
        return tuple(argument for _, argument in self.args)

    def __str__(self) -> str:
        return f"{self.function}({', '.join(f'{name}={arg}' for name, arg in self.args)})"


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything inside it, in reading order, whatever its depth."""
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def names(expression: Expression) -> tuple[str, ...]:
    """The names it uses, each once, in the order of their first appearance."""
    return tuple(dict.fromkeys(n.name for n in walk(expression) if isinstance(n, Name)))


def calls(expression: Expression) -> tuple[Call, ...]:
    """The calls in it, in reading order."""
    return tuple(node for node in walk(expression) if isinstance(node, Call))


def random_calls(expression: Expression) -> tuple[Call, ...]:
    """The calls that draw, in reading order: the k-th draws from the stream `<path>#<k>`."""
    return tuple(call for call in calls(expression) if FUNCTIONS[call.function].random)


def chance_calls(expression: Expression, path: str) -> tuple[tuple[Call, str], ...]:
    """The calls with a path of chance, in reading order, each with its stream.

    The k-th has the stream `<path>~<k>`, unless it belongs to a driver.
    """
    own = (call for call in calls(expression) if FUNCTIONS[call.function].chance)
    return tuple((call, call.stream or f"{path}~{k}") for k, call in enumerate(own))


def depth(expression: Expression) -> int:
    """Levels of the tree, counted without recursion."""
    deepest = 0
    waiting: list[tuple[Any, int]] = [(expression, 1)]
    while waiting:
        node, level = waiting.pop()
        deepest = max(deepest, level)
        waiting.extend((child, level + 1) for child in node.children)
    return deepest


def substituted(expression: Expression, definitions: Mapping[str, Expression]) -> Expression:
    """The expression with names replaced by what defines them; keeps its text."""

    def inside(node: Expression) -> Expression:
        return substituted(node, definitions)

    if isinstance(expression, Name):
        return definitions.get(expression.name, expression)
    return _rebuilt(expression, inside)


def belonging_to(expression: Expression, path: str) -> Expression:
    """The expression whose paths of chance stay those of `path`, wherever it is put in."""
    streams = {id(call): stream for call, stream in chance_calls(expression, path)}

    def inside(node: Expression) -> Expression:
        built = _rebuilt(node, inside)
        return (
            replace(built, stream=streams.get(id(node), "")) if isinstance(built, Call) else built
        )

    return inside(expression)


def _rebuilt(node: Expression, inside: Callable[[Expression], Expression]) -> Expression:
    """The node with other children; keeps its text."""
    match node:
        case Unary(operand=operand):
            return replace(node, operand=inside(operand))
        case Binary() | Compare():
            return replace(node, left=inside(node.left), right=inside(node.right))
        case Logic(operands=operands):
            return replace(node, operands=tuple(map(inside, operands)))
        case IfElse(condition=condition, then=then, otherwise=otherwise):
            return IfElse(inside(condition), inside(then), inside(otherwise), text=node.text)
        case Call(args=args):
            return replace(node, args=tuple((name, inside(arg)) for name, arg in args))
    return node
