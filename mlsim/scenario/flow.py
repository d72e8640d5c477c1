"""The flow: which way requests take through the system.

`phone -> gateway -> [cough, symptom] -> advice -> phone` is a chain; what stands in brackets is
done at the same time, and waited for. `advice ~> telemetry` goes aside: nobody waits for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput

from mlsim.scenario.refusal import Refusal, got
from mlsim.scenario.units import Quantity

MAX_LENGTH = 4_000
MAX_DEPTH = 20


@dataclass(frozen=True)
class Parallel:
    """Branches that begin together; the chain goes on when the last has ended."""

    branches: tuple[tuple["Step", ...], ...]

    def __str__(self) -> str:
        return "[" + ", ".join(" -> ".join(map(str, branch)) for branch in self.branches) + "]"


Step = str | Parallel


@dataclass(frozen=True)
class Chain:
    """Steps one after the other.

    aside: the first step sends to the second and goes on without waiting. line: in the file, or 0.
    """

    steps: tuple[Step, ...]
    aside: bool = False
    line: int = 0

    def __str__(self) -> str:
        first, *rest = map(str, self.steps)
        return " -> ".join([f"{first} ~> {rest[0]}", *rest[1:]] if self.aside else [first, *rest])


def parse_flow(text: str) -> Chain:
    """The chain of one line of the flow; raises Refusal if it is none.

    >>> parse_flow("a -> [b, c -> d] -> e").steps
    ('a', Parallel(branches=(('b',), ('c', 'd'))), 'e')
    """
    if len(text) > MAX_LENGTH:
        raise Refusal(f"must be a chain of at most {MAX_LENGTH} characters")
    if _nesting(text) > MAX_DEPTH:
        raise Refusal(f"must be a chain with brackets at most {MAX_DEPTH} deep")
    try:
        return _parser().parse(text)  # type: ignore[return-value]
    except UnexpectedInput as error:
        raise Refusal(_explain(text, error)) from None


def step_names(steps: tuple[Step, ...]) -> Iterator[str]:
    """The components of some steps, those of branches included, in reading order."""
    for step in steps:
        if isinstance(step, str):
            yield step
        else:
            for branch in step.branches:
                yield from step_names(branch)


def _nesting(text: str) -> int:
    depth = deepest = 0
    for character in text:
        depth += (character == "[") - (character == "]")
        deepest = max(deepest, depth)
    return deepest


@cache
def _parser() -> Lark:
    grammar = files("mlsim.scenario").joinpath("flow.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", transformer=_Builder())


def _explain(text: str, error: UnexpectedInput) -> str:
    place = -1 if error.pos_in_stream is None else error.pos_in_stream
    rest = text[place:] if place >= 0 else ""
    if rest.startswith("~>"):
        return f"must have ~> only after its first component {got(text)}"
    wanted = "must be a chain such as phone -> gateway -> [a, b] -> phone"
    if not rest or getattr(error, "token", None) == "":
        return f"{wanted}, and ends too early {got(text)}"
    return f"{wanted}: did not expect '{rest[:2].strip()}' at character {place + 1} {got(text)}"


@v_args(inline=True)
class _Builder(Transformer[Token, Chain]):
    def start(self, path: tuple[Step, ...]) -> Chain:
        return Chain(path)

    def aside(self, source: Token, path: tuple[Step, ...]) -> Chain:
        return Chain((str(source), *path), aside=True)

    def path(self, *steps: Token | Parallel) -> tuple[Step, ...]:
        return tuple(s if isinstance(s, Parallel) else str(s) for s in steps)

    def parallel(self, *branches: tuple[Step, ...]) -> Parallel:
        return Parallel(branches)


def _chain(value: object) -> Chain:
    if isinstance(value, Chain):
        return value
    if not isinstance(value, str):
        raise Refusal(f"must be a chain such as phone -> gateway -> phone {got(value)}")
    return parse_flow(value)


FlowChain = Annotated[Chain, Quantity("a chain such as phone -> gateway -> phone", _chain)]
