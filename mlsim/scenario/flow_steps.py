"""What a line of the flow is made of: components, and the ways in which they are put together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from mlsim.scenario.tree import Expression

Steps = tuple["Step", ...]


@dataclass(frozen=True)
class Parallel:
    """Branches that begin together; the chain goes on when enough of them have ended.

    need: how many are enough; 0 for all. cancels: whether the rest is then cancelled, or goes on.
    """

    branches: tuple[Steps, ...]
    need: int = 0
    cancels: bool = False

    def __str__(self) -> str:
        share = "" if not self.need else "any of " if self.need == 1 else f"{self.need} of "
        rest = " cancel rest" if self.cancels else ""
        return f"{share}[{', '.join(map(written, self.branches))}]{rest}"


@dataclass(frozen=True)
class Choice:
    """One of several branches: the first whose condition holds, else the last.

    conditions: one per branch but the last, which may be empty: then nothing is done.
    """

    branches: tuple[Steps, ...]
    conditions: tuple[Expression, ...]

    def __str__(self) -> str:
        arms = [
            f"{written(branch)} if {condition}"
            for branch, condition in zip(self.branches, self.conditions, strict=False)
        ]
        otherwise = [written(self.branches[-1])] if self.branches[-1] else []
        return f"({' else '.join([*arms, *otherwise])})"


@dataclass(frozen=True)
class Call:
    """A component that calls others, and waits for what comes back before it is done."""

    name: str
    inside: Steps

    @property
    def branches(self) -> tuple[Steps, ...]:
        """The one way that is called."""
        return (self.inside,)

    def __str__(self) -> str:
        return f"{self.name}({written(self.inside)})"


@dataclass(frozen=True)
class Shard:
    """One of the shards of a component; what a step at the whole component is made of."""

    name: str
    number: int
    branches: tuple[Steps, ...] = ()


Step = str | Parallel | Choice | Call | Shard


@dataclass(frozen=True)
class Chain:
    """Steps one after the other.

    aside: the first step sends to the second and goes on without waiting. line: in the file, or 0.
    """

    steps: Steps
    aside: bool = False
    line: int = 0

    def __str__(self) -> str:
        first, *rest = map(str, self.steps)
        return " -> ".join([f"{first} ~> {rest[0]}", *rest[1:]] if self.aside else [first, *rest])


def written(steps: Steps) -> str:
    """Some steps as they stand in a file."""
    return " -> ".join(map(str, steps))


def name_of(step: Step) -> str:
    """The component that a step comes to first and leaves last; "" if that is no single one."""
    if isinstance(step, Call | Shard):
        return step.name
    return step if isinstance(step, str) else ""


def within(steps: Steps) -> Iterator[Step]:
    """All steps, those inside of others included, in reading order."""
    for step in steps:
        yield step
        if not isinstance(step, str):
            for branch in step.branches:
                yield from within(branch)


def step_names(steps: Steps) -> Iterator[str]:
    """The components of some steps, those of branches included, in reading order."""
    return (name_of(step) for step in within(steps) if name_of(step))


def calls(steps: Steps) -> Iterator[Call]:
    """The calls in steps, those inside others among them."""
    return (step for step in within(steps) if isinstance(step, Call))


def calls_of(flow: Iterable[Chain], name: str) -> list[tuple[int, Call]]:
    """What a component calls, each with the number of its line in the flow."""
    found = ((number, call) for number, chain in enumerate(flow) for call in calls(chain.steps))
    return [(number, call) for number, call in found if call.name == name]


def stands_alone(flow: Iterable[Chain], name: str) -> Iterator[tuple[int, str]]:
    """The lines in which a component calls nobody, by number, and whom it might call there.

    A line may begin where another one has called already.
    """
    begins = 1 if calls_of(flow := tuple(flow), name) else 0
    for number, chain in enumerate(flow):
        steps = list(within(chain.steps))
        if name in steps[begins:]:
            inner = (
                branch for step in steps if not isinstance(step, str) for branch in step.branches
            )
            pairs = (pair for branch in (chain.steps, *inner) for pair in pairwise(branch))
            sender = name_of(chain.steps[0])  # to whom the line may come back
            after = (name_of(other) for one, other in pairs if one == name and other != sender)
            yield number, f"{name}({next(filter(None, after), 'database')})"


def choices(steps: Steps) -> Iterator[Choice]:
    """The choices among some steps, in reading order."""
    return (step for step in within(steps) if isinstance(step, Choice))
