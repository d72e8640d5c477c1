"""The flow: which way requests take through the system.

`phone -> gateway -> [cough, symptom] -> advice -> phone` is a chain; what stands in brackets is
done at the same time, and waited for. `advice ~> telemetry` goes aside: nobody waits for it.
`(nurse if risk.score > 0.8 else bot)` is one or the other, `risk ~> (audit if bernoulli(0.01))`
one or nothing.
"""

from functools import cache
from typing import Annotated, Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput
from lark.visitors import merge_transformers

from mlsim.scenario.dimensions import dimension
from mlsim.scenario.expressions import parse
from mlsim.scenario.flow_steps import Call, Chain, Choice, Parallel, Step, Steps
from mlsim.scenario.reading import Builder
from mlsim.scenario.refusal import Refusal, got
from mlsim.scenario.tree import Expression
from mlsim.scenario.units import Quantity

MAX_LENGTH = 4_000
MAX_DEPTH = 20


def parse_flow(text: str) -> Chain:
    """The chain of one line of the flow; raises Refusal if it is none.

    >>> parse_flow("a -> [b, c -> d] -> e").steps
    ('a', Parallel(branches=(('b',), ('c', 'd')), need=0, cancels=False), 'e')
    """
    if len(text) > MAX_LENGTH:
        raise Refusal(f"must be a chain of at most {MAX_LENGTH} characters")
    if _nesting(text) > MAX_DEPTH:
        raise Refusal(f"must be a chain with brackets at most {MAX_DEPTH} deep")
    try:
        return _parser().parse(text)  # type: ignore[return-value]
    except UnexpectedInput as error:
        raise Refusal(_explain(text, error)) from None


def _nesting(text: str) -> int:
    depth = deepest = 0
    for character in text:
        depth += (character in "[(") - (character in "])")
        deepest = max(deepest, depth)
    return deepest


@cache
def _parser() -> Lark:
    builder = merge_transformers(_Builder(), expression=Builder())  # type: ignore[no-untyped-call]
    return Lark.open_from_package("mlsim.scenario", "flow.lark", parser="lalr", transformer=builder)


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
    def start(self, path: Steps) -> Chain:
        return Chain(path)

    def aside(self, source: Token, path: Steps) -> Chain:
        return Chain((str(source), *path), aside=True)

    def path(self, *steps: Step) -> Steps:
        return steps

    def component(self, name: Token) -> str:
        return str(name)

    def call(self, name: Token, path: Steps) -> Call:
        return Call(str(name), path)

    def share(self, words: Token) -> int:
        return 1 if words.startswith("any") else int(words.split()[0])

    def parallel(self, share: int | None, *rest: Steps | Token | None) -> Parallel:
        branches, cancels = tuple(b for b in rest[:-1] if isinstance(b, tuple)), bool(rest[-1])
        if share is not None and not 0 < share <= len(branches):
            raise Refusal(
                f"can never go on: {share} of {len(branches)} branches are waited for",
                f"{len(branches)} of [...]",
            )
        partial = share is not None and share < len(branches)
        if cancels and not partial:
            raise Refusal("has no rest to cancel: all branches are waited for", "any of [...]")
        return Parallel(branches, share if share is not None and partial else 0, cancels)

    def arm(self, path: Steps, condition: Expression) -> tuple[Steps, Expression]:
        if dimension(condition) not in (0, None):
            raise Refusal(f"must choose by a condition such as score > 0.8, not by {condition}")
        return path, parse(str(condition))

    def choice(self, *arms: Any) -> Choice:
        """Each arm is a path with its condition; the last may be a path alone, or missing."""
        decided = [arm for arm in arms if arm is not None and isinstance(arm[-1], Expression)]
        otherwise = () if len(decided) == len(arms) or arms[-1] is None else arms[-1]
        branches = (*(path for path, _ in decided), otherwise)
        return Choice(branches, tuple(condition for _, condition in decided))


def _chain(value: object) -> Chain:
    if isinstance(value, Chain):
        return value
    if not isinstance(value, str):
        raise Refusal(f"must be a chain such as phone -> gateway -> phone {got(value)}")
    return parse_flow(value)


FlowChain = Annotated[Chain, Quantity("a chain such as phone -> gateway -> phone", _chain)]
