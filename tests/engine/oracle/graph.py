"""The ways of requests as linked steps, unrolled from the lines of the flow."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any

from mlsim.engine.parts import Station
from mlsim.scenario.flow_steps import Call, Choice, Parallel, Shard, name_of


@dataclass(eq=False)
class Step:
    """Where a request may be. Steps are numbered in reading order, asides after the way itself."""

    number: int
    then: "Step | None" = None


@dataclass(eq=False)
class Start(Step):
    """A client sends an attempt, or all shards have answered; what goes aside begins."""

    name: str = ""
    asides: list[Step] = field(default_factory=list)


@dataclass(eq=False)
class Stop(Step):
    """A component is visited; the ordinal tells repeated visits, and so their draws, apart.

    layers: the stops of its line, itself the first, whose callers call again what has failed here.
    callers: the components before it.
    """

    name: str = ""
    ordinal: int = 0
    shard: int | None = None
    calls: Step | None = None
    layers: "list[Stop]" = field(default_factory=list)
    callers: set[str] = field(default_factory=set)
    asides: list[Step] = field(default_factory=list)


@dataclass(eq=False)
class Fork(Step):
    """All branches begin."""

    branches: list[Step] = field(default_factory=list)


@dataclass(eq=False)
class Join(Step):
    """The last of so many goes on."""

    need: int = 0


@dataclass(eq=False)
class Pick(Step):
    """One of the branches is taken; an empty one leads on at once, or nowhere."""

    choice: Choice | None = None
    branches: list[Step | None] = field(default_factory=list)


@dataclass(eq=False)
class Split(Step):
    """All branches begin, each as an attempt of its own; it goes on with so many of them."""

    branches: list[Step] = field(default_factory=list)
    need: int = 0
    cancels: bool = False


@dataclass(eq=False)
class Return(Step):
    """The end of such a branch."""


def stops_of(first: Step) -> list[str]:
    """The components to which a branch may lead, up to its return."""
    found, waiting = [], [first]
    while waiting:
        step = waiting.pop()
        if isinstance(step, Stop):
            found.append(step.name)
            waiting += [step.calls] if step.calls else []
        waiting += [branch for branch in getattr(step, "branches", []) if branch]
        waiting += [step.then] if step.then else []
    return found


def introduce(step: Step | None, last: set[str]) -> set[str]:
    """Tell stops who calls them, on the way from a step to its end; gives who is there then."""
    while step is not None:
        if isinstance(step, Stop):
            step.callers |= last
            if step.calls:
                introduce(step.calls, {step.name})
        if isinstance(step, Stop | Start):
            last = {step.name}
            for aside in step.asides:
                introduce(aside, last)
        branches = getattr(step, "branches", [])
        ends = [introduce(branch, last) for branch in branches]
        last = set().union(*ends) if branches else last
        if branches and not isinstance(step, Split):
            break  # each of them has gone on to the end by itself
        step = step.then
    return last


@dataclass(eq=False)
class Graph:
    """Ways through the system, by where they begin."""

    chains: Sequence[Any]
    clients: Sequence[str]
    stations: Mapping[str, Station]
    numbers: "count[int]" = field(default_factory=count)
    callers: set[str] = field(default_factory=set)
    """Components whose workers call others, somewhere."""

    def way_from(self, name: str) -> Step:
        """The way of a load that enters at `name`, with all that leaves it."""
        steps = self.continued(self.chain(name))
        self.visited: Counter[str] = Counter()
        self.open: list[tuple[Start | Stop, str]] = []
        if name in self.clients:
            first = self.sending(name)
            first.then = self.line(steps[1:-1])[0]
        else:
            first = self.line([step for step in steps if step not in self.clients])[0]
        while self.open:
            step, name = self.open.pop(0)
            for chain in self.chains:
                if chain.aside and chain.steps[0] == name:
                    step.asides.append(self.aside(self.continued(chain.steps[1:])))
        introduce(first, set())
        return first

    def aside(self, steps: Sequence[Any]) -> Step:
        """The first step of a way whose last branches don't meet again."""
        *before, last = steps
        if not isinstance(last, Choice):
            return self.line(steps)[0]
        first, end = self.line(before) if before else (None, None)
        pick = Pick(next(self.numbers), choice=last)
        pick.branches = [self.aside(branch) if branch else None for branch in last.branches]
        if end:
            end.then = pick
        return first or pick

    def chain(self, name: str) -> list[Any]:
        """The line that begins at `name`, or nothing."""
        return next(
            (list(c.steps) for c in self.chains if not c.aside and name_of(c.steps[0]) == name), []
        )

    def continued(self, steps: Sequence[Any]) -> list[Any]:
        """A line with the line that begins where it ends."""
        last = steps[-1]
        if not isinstance(last, str) or last in self.clients or len(self.chain(last)) < 2:
            return list(steps)
        return [*steps, *self.continued(self.chain(last))[1:]]

    def sending(self, name: str) -> Start:
        step = Start(next(self.numbers), name=name)
        self.open.append((step, name))
        return step

    def line(self, steps: Sequence[Any]) -> tuple[Step, Step]:
        """Steps one after another: the first and the last."""
        parts = [self.part(step) for step in steps]
        for (_, last), (first, _) in pairwise(parts):
            last.then = first
        layers: list[Stop] = []
        for _, last in parts:
            if isinstance(last, Stop):
                own = [last] if self.stations[last.name].retries else []
                last.layers = layers = [*own, *layers]
            else:  # what has been split can't be sent again as a whole
                layers = []
        return parts[0][0], parts[-1][1]

    def part(self, step: Any) -> tuple[Step, Step]:
        if isinstance(step, Parallel):
            return self.split(step) if step.need else self.fork(step)
        if isinstance(step, Shard):
            return self.shard(step)
        if isinstance(step, Call):
            first, stop = self.stop(step.name)
            stop.calls = self.branch(step.inside)
            self.callers.add(step.name)
            return first, stop
        if isinstance(step, Choice):
            return self.pick(step)
        return (
            self.all_shards(self.stations[step]) if self.stations[step].shards else self.stop(step)
        )

    def all_shards(self, spec: Station) -> tuple[Step, Step]:
        """A visit of each, then what goes aside. Draws count them from the last to the first."""
        self.visited[spec.name] += spec.shards
        visits = tuple((Shard(spec.name, shard),) for shard in range(spec.shards))
        first, last = self.part(Parallel(visits, spec.wait_for))
        last.then = self.sending(spec.name)
        return first, last.then

    def shard(self, shard: Shard) -> tuple[Step, Step]:
        ordinal = self.visited[shard.name] - 1 - shard.number
        step = Stop(next(self.numbers), name=shard.name, ordinal=ordinal, shard=shard.number)
        return step, step

    def split(self, parallel: Parallel) -> tuple[Step, Step]:
        split = Split(next(self.numbers), need=parallel.need, cancels=parallel.cancels)
        split.branches = [self.branch(branch) for branch in parallel.branches]
        return split, split

    def branch(self, steps: Sequence[Any]) -> Step:
        first, last = self.line(steps)
        last.then = Return(next(self.numbers))
        return first

    def pick(self, choice: Choice) -> tuple[Step, Step]:
        pick, lines = (
            Pick(next(self.numbers), choice=choice),
            [self.line(b) if b else None for b in choice.branches],
        )
        meet = Step(next(self.numbers))
        for line in lines:
            pick.branches.append(line[0] if line else meet)
            if line:
                line[1].then = meet
        return pick, meet

    def stop(self, name: str) -> tuple[Step, Step]:
        step = Stop(next(self.numbers), name=name, ordinal=self.visited[name])
        self.visited[name] += 1
        self.open.append((step, name))
        return step, step

    def fork(self, parallel: Parallel) -> tuple[Step, Step]:
        fork, lines = Fork(next(self.numbers)), [self.line(b) for b in parallel.branches]
        join = Join(next(self.numbers), need=len(lines))
        for first, last in lines:
            fork.branches.append(first)
            last.then = join
        return fork, join
