"""From flow chains to programs of hops that the kernel walks.

Each load gets its own program: the path from where it enters, unrolled, so that a component may
be visited twice. A hop says what happens to a token there and which hop comes next; forks and
asides point into `targets`, where the first hops of branches and asides stand side by side.
"""

from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from mlsim.scenario.flow_steps import Call, Choice, Parallel, Shard, Step, Steps, name_of

SEND, VISIT, FORK, JOIN, REPLY, LEAVE, SINK, ASK, MEET, SPLIT, RETURN = range(11)
"""Kinds of hops.

SEND: a client sends an attempt. VISIT: a station serves the token. FORK: one token per branch.
JOIN: the last of `need` tokens goes on. REPLY: the attempt answers its client. LEAVE: a request
that no client sent is done, or an aside comes to nobody. SINK: an aside has arrived at somebody.
ASK: a question about the row is answered, and the token takes the branch of that number, if there
are branches. MEET: where they come together again. SPLIT: a fork that goes on, to its `next`, when
`need` of its branches are back. RETURN: the end of such a branch, or of what a VISIT calls.
"""

HOP = np.dtype(
    [
        ("kind", "i8"),
        ("station", "i8"),
        ("next", "i8"),
        ("first", "i8"),
        ("count", "i8"),
        ("join", "i8"),
        ("need", "i8"),
        ("ordinal", "i8"),
        ("question", "i8"),
        ("first_read", "i8"),
        ("reads", "i8"),
        ("calls", "i8"),
        ("cancels", "i8"),
        ("shard", "i8"),
        ("again", "i8"),
        ("outer", "i8"),
        ("layer", "i8"),
        ("cut", "i8"),
        ("entry", "i8"),
    ]
)
"""`station`: index of a VISIT's or SINK's station, or of a SEND's client among all names.
`first`, `count`: span in `targets` (branches of a FORK or ASK, asides of a SEND or VISIT).
`join`, `need`: counter of a JOIN, and how many tokens it waits for.
`ordinal`: how often the station occurs earlier in the program; tells its draws apart.
`again`: the last VISIT up to this one whose caller calls again, or -1; `outer`: the one before it;
`layer`: how many there are before that.
`question`: number of an ASK's question. `first_read`, `reads`: span in `targets` of the names whose
settings its answer depends on. `calls`: first hop of what is called while a VISIT's worker waits,
or -1. `cancels`: whether a SPLIT then cancels its other branches. A RETURN's `first` is the first
hop of its branch, which lies before it in one piece. `shard`: number of the replica that a VISIT is
for, or -1. `cut`: whether a VISIT's call REACHES its station, GETS_LOST or IS_REFUSED. `entry`: the
first hop of a visit: that of the first ASK about it, or the VISIT itself."""


class Cut(IntEnum):
    """What becomes of calls from one component to another."""

    REACHES = 0
    GETS_LOST = 1
    IS_REFUSED = 2


LAYERS, MOST_CALLS = 3, 4096
"""Layers of callers that call again, one behind the other, and calls that come of it."""


class RouteError(ValueError):
    """A flow that no request can follow; the message names the components."""


class ChainLike(Protocol):
    """One line of the flow: steps joined by `->`; `aside` if the first edge is `~>`."""

    @property
    def steps(self) -> Steps: ...
    @property
    def aside(self) -> bool: ...


class Trait(NamedTuple):
    """What a station goes by: the `priority` of a row, the `size` of its work, or its `key`."""

    station: str
    what: str


class Shards(NamedTuple):
    """So many shards that a station has, and how many are waited for; 0 for all."""

    number: int
    need: int = 0


Question = Choice | Trait | str
"""What the kernel must know of a row: which branch of a choice it takes; with the name of a
station, whether its visit there fails (1) because of what it carries (else 0); for a trait, the
lane in which it waits, 0 being served first, the bits of a number that isn't negative, or the key
under which a cache keeps what it is answered: a hash that isn't negative, or `caching.NO_KEY`."""


@dataclass(frozen=True)
class Program:
    """Hops of all loads.

    hops: record array of `HOP`; targets: int64 first hops of branches and asides.
    entries: load number -> (its client's name or None, its first hop); joins: counters needed.
    questions: by number; asked: load number -> those that its rows are asked, in order.
    repeats: how often a token may come to a hop, at most, as its callers call again.
    """

    hops: NDArray[Any]
    targets: NDArray[np.int64]
    entries: Mapping[int, tuple[str | None, int]]
    joins: int
    questions: tuple[Question, ...]
    asked: Mapping[int, tuple[int, ...]]
    repeats: int

    def number_of(self, question: Question) -> int:
        """The number of a question, or -1 if nobody is asked it."""
        return self.questions.index(question) if question in self.questions else -1

    def names_met(self, load: int) -> frozenset[int]:
        """The stations, and the client, that rows of a load can meet, by their places."""
        _, first = self.entries[load]
        waiting, seen = [first], {first, -1}
        while waiting:
            hop = self.hops[waiting.pop()]
            branches = self.targets[hop["first"] : hop["first"] + hop["count"]].tolist()
            new = {int(hop["next"]), int(hop["calls"]), *branches} - seen
            seen |= new
            waiting += new
        return frozenset(self.hops["station"][sorted(seen - {-1})].tolist()) - {-1}


def compile_routes(
    chains: Sequence[ChainLike],
    stations: Sequence[str],
    clients: Sequence[str],
    entries: Mapping[int, str],
    reads: Callable[[Question], Iterable[str]] = lambda question: (),
    checked: Container[str] = (),
    traits: Collection[Trait] = (),
    shards: Mapping[str, Shards] = MappingProxyType({}),
    retries: Mapping[str, int] = MappingProxyType({}),
) -> Program:
    """Programs of hops for the loads that enter at `entries` (load number -> component).

    reads: the names whose settings the answer to a question depends on. checked: the stations at
    which a visit may fail because of what a row carries. traits: what stations go by.
    shards: of the stations that have some. retries: how often callers of stations call again.
    Raises: RouteError where a load enters at a component with no chain of its own, a name has two
    chains, a chain goes round without a client's reply, or a reply goes to another client.
    """
    compiler = _Compiler(chains, stations, clients, reads, checked, traits, shards, retries)
    heads, asked = {}, {}
    for load, name in entries.items():
        compiler.asked = {}
        heads[load] = compiler.load(name)
        asked[load] = tuple(compiler.asked)
    return compiler.program(heads, asked)


class _Compiler:
    def __init__(
        self,
        chains: Sequence[ChainLike],
        stations: Sequence[str],
        clients: Sequence[str],
        reads: Callable[[Question], Iterable[str]],
        checked: Container[str],
        traits: Collection[Trait],
        shards: Mapping[str, Shards],
        retries: Mapping[str, int],
    ) -> None:
        self.retries, self.repeats = retries, 1
        self.reads, self.checked, self.traits, self.shards = reads, checked, traits, shards
        self.questions: dict[Question, int] = {}
        self.asked: dict[int, None] = {}
        self.index = {name: k for k, name in enumerate((*stations, *clients))}
        self.clients = frozenset(clients)
        self.chains = _by_head(chain for chain in chains if not chain.aside)
        self.asides: dict[str, list[Steps]] = {}
        for chain in chains:
            if chain.aside:
                self.asides.setdefault(_head(chain), []).append(chain.steps[1:])
        self.hops: list[dict[str, int]] = []
        self.targets: list[int] = []
        self.joins = 0
        self.visits: Counter[str] = Counter()
        # Asides are unrolled after the path that they leave, so that an aside more or less
        # doesn't change the ordinals, and with them the draws, of that path.
        self.pending: list[tuple[int, str, tuple[str, ...]]] = []

    def program(
        self, heads: Mapping[int, tuple[str | None, int]], asked: Mapping[int, tuple[int, ...]]
    ) -> Program:
        rows = [tuple(hop[field] for field in HOP.names or ()) for hop in self.hops]
        return Program(
            np.array(rows, dtype=HOP),
            np.array(self.targets, dtype=np.int64),
            heads,
            self.joins,
            tuple(self.questions),
            asked,
            self.repeats,
        )

    def load(self, name: str) -> tuple[str | None, int]:
        """Unroll the path of a load that enters at `name`."""
        if name not in self.chains:
            raise RouteError(f"a load enters at '{name}', but no chain of the flow begins there")
        self.visits = Counter()
        steps = self.continued(self.chains[name].steps, (name,))
        client = name if name in self.clients else None
        first = self.path(steps, client)
        self.attach_asides()
        return client, first

    def continued(self, steps: Steps, seen: tuple[str, ...]) -> Steps:
        """`steps`, with the chains that begin where they end."""
        last = name_of(steps[-1])
        if not last or last in self.clients or last not in self.chains:
            return steps
        more = self.chains[last].steps
        if len(more) == 1:
            return steps
        if last in seen:
            circle = " -> ".join((*seen[seen.index(last) :], last))
            raise RouteError(f"the flow goes round without a client's reply: {circle}")
        before = steps if isinstance(more[0], str) else (*steps[:-1], more[0])
        return (*before, *self.continued(more, (*seen, last))[1:])

    def path(self, steps: Steps, client: str | None) -> int:
        """Emit a whole path and its end; returns its first hop."""
        middle = steps[1:] if client is not None else steps
        end = LEAVE
        if middle and middle[-1] in self.clients:
            end = self.reply(str(middle[-1]), client)
            middle = middle[:-1]
        elif client is not None:
            raise RouteError(f"the path from '{client}' has to end at '{client}', as its reply")
        first = self.emit(SEND, name=client) if client is not None else -1
        line = self.line(middle)
        if line is None:
            raise RouteError(f"the path from '{steps[0]}' visits no component")
        last = self.emit(end)
        self.hops[line[1]]["next"] = last
        if first < 0:
            return line[0]
        self.hops[first]["next"] = line[0]
        return first

    def reply(self, name: str, client: str | None) -> int:
        if client is None:
            return LEAVE
        if name != client:
            raise RouteError(f"a reply goes to '{name}', but '{client}' sent the request")
        return REPLY

    def line(self, steps: Steps) -> tuple[int, int] | None:
        """Emit steps one after another; returns the first and the last hop."""
        ends = [self.step(step) for step in steps]
        self.layer(steps, ends)
        for (_, before), (after, _) in pairwise(ends):
            self.hops[before]["next"] = after
        return (ends[0][0], ends[-1][1]) if ends else None

    def layer(self, steps: Steps, ends: Sequence[tuple[int, int]]) -> None:
        """Tell the visits of a line where their callers call again: up to the last fork or choice,
        since what has been split can't be sent again as a whole.
        """
        last, layers, repeats = -1, 0, 1
        for step, (_, hop) in zip(steps, ends, strict=True):
            if self.hops[hop]["kind"] != VISIT:
                last, layers, repeats = -1, 0, 1
                continue
            outer, more = last, self.retries.get(name_of(step), 0)
            if more:
                last, layers, repeats = hop, layers + 1, repeats * (1 + more)
            self.hops[hop].update(again=last, outer=outer, layer=max(layers - 1, 0))
            self.repeats = max(self.repeats, repeats)
            if layers > LAYERS or repeats > MOST_CALLS:
                raise RouteError(
                    f"'{name_of(step)}' could be called {repeats} times by {layers} layers of "
                    f"callers: at most {LAYERS} layers and {MOST_CALLS} calls are possible"
                )

    def step(self, step: Step) -> tuple[int, int]:
        match step:
            case Parallel():
                return self.fork(step)
            case Choice():
                return self.choice(step)
            case Shard(name, number):
                return self.shard(name, number)
            case Call():
                return self.call(step)
        return self.all_shards(step) if step in self.shards else self.visit(step)

    def all_shards(self, name: str) -> tuple[int, int]:
        """A visit of each shard, at the same time, and then what goes aside."""
        number, need = self.shards[name]
        self.visits[name] += number
        first, last = self.fork(Parallel(tuple((Shard(name, k),) for k in range(number)), need))
        after = self.emit(SEND, name=name)
        self.hops[last]["next"] = after
        return first, after

    def shard(self, name: str, number: int) -> tuple[int, int]:
        first, hop = self.asked_and_visited(name, goes_aside=False)
        self.hops[hop].update(ordinal=self.visits[name] - 1 - number, shard=number)
        return first, hop

    def visit(self, name: str) -> tuple[int, int]:
        if name in self.clients:
            raise RouteError(f"client '{name}' stands in the middle of a path")
        first, hop = self.asked_and_visited(name)
        self.hops[hop]["ordinal"] = self.visits[name]
        self.visits[name] += 1
        return first, hop

    def asked_and_visited(self, name: str, goes_aside: bool = True) -> tuple[int, int]:
        """Emit a visit, and before it the questions about the row that its station goes by."""
        asks = [self.ask(question) for question in self.asked_at(name)]
        hop = self.emit(VISIT, name=name, goes_aside=goes_aside)
        for before, after in pairwise((*asks, hop)):
            self.hops[before]["next"] = after
        first = self.hops[hop]["entry"] = (*asks, hop)[0]
        return first, hop

    def asked_at(self, name: str) -> list[Question]:
        """What has to be known of a row before it visits a station."""
        checks = [name] if name in self.checked else []
        return [*checks, *(trait for trait in self.traits if trait.station == name)]

    def call(self, call: Call) -> tuple[int, int]:
        if call.name in self.shards:
            raise RouteError(f"shards can't call others: {call}")
        first, visit = self.visit(call.name)
        self.hops[visit]["calls"] = self.branch(call.inside)
        return first, visit

    def split(self, parallel: Parallel) -> tuple[int, int]:
        split = self.emit(SPLIT)
        self.hops[split].update(need=parallel.need, cancels=parallel.cancels)
        self.point(split, [self.branch(branch) for branch in parallel.branches])
        return split, split

    def branch(self, steps: Steps) -> int:
        """Emit a branch that comes back by itself; returns its first hop."""
        begin, line = len(self.hops), self.line(steps)
        if line is None:
            raise RouteError("a part of the flow that others wait for is empty")
        end = self.emit(RETURN)
        self.hops[line[1]]["next"] = end
        self.hops[end]["first"] = begin
        return line[0]

    def ask(self, question: Question) -> int:
        number = self.questions.setdefault(question, len(self.questions))
        self.asked[number] = None
        hop, names = self.emit(ASK), sorted(self.index[name] for name in self.reads(question))
        self.hops[hop].update(question=number, first_read=len(self.targets), reads=len(names))
        self.targets.extend(names)
        return hop

    def choice(self, choice: Choice) -> tuple[int, int]:
        ask = self.ask(choice)
        branches = [self.line(branch) for branch in choice.branches]
        meet = self.emit(MEET)
        for branch in branches:
            if branch is not None:
                self.hops[branch[1]]["next"] = meet
        self.point(ask, [meet if branch is None else branch[0] for branch in branches])
        return ask, meet

    def fork(self, parallel: Parallel) -> tuple[int, int]:
        if parallel.need:
            return self.split(parallel)
        fork = self.emit(FORK)
        branches = [self.line(branch) for branch in parallel.branches]
        join = self.emit(JOIN)
        whole = [branch for branch in branches if branch is not None]
        if not whole or len(whole) < len(branches):
            raise RouteError("a parallel part of the flow has an empty branch")
        for _, last in whole:
            self.hops[last]["next"] = join
        self.point(fork, [first for first, _ in whole])
        self.hops[join].update(join=self.joins, need=len(whole))
        self.joins += 1
        return fork, join

    def attach_asides(self) -> None:
        """Unroll the asides of the hops emitted so far, and asides of asides."""
        while self.pending:
            hop, name, seen = self.pending.pop(0)
            if name in seen:
                raise RouteError(f"asides go round: {' ~> '.join((*seen, name))}")
            known = len(self.pending)
            self.point(hop, [self.aside(steps) for steps in self.asides[name]])
            self.pending[known:] = [
                (child, head, (*seen, name)) for child, head, _ in self.pending[known:]
            ]

    def aside(self, steps: Steps) -> int:
        return self.unawaited(self.continued(steps, ()))

    def unawaited(self, steps: Steps) -> int:
        """Emit a way that ends with its last component; returns its first hop.

        Where a choice comes last, each branch ends so, and an empty one comes to nobody.
        """
        *before, last = steps
        if not isinstance(last, Choice):
            return self.sunk(steps, name_of(last))
        line, ask = self.line(tuple(before)), self.ask(last)
        ways = [self.unawaited(way) if way else self.emit(LEAVE) for way in last.branches]
        self.point(ask, ways)
        if line is None:
            return ask
        self.hops[line[1]]["next"] = ask
        return line[0]

    def sunk(self, steps: Steps, last: str) -> int:
        if not last or last in self.clients:
            raise RouteError("an aside (~>) has to end at one component that is not a client")
        line = self.line(steps)
        assert line is not None  # `last` is a step
        self.hops[line[1]]["next"] = self.emit(SINK, name=last)
        return line[0]

    def emit(self, kind: int, name: str | None = None, goes_aside: bool = True) -> int:
        if name is not None and name not in self.index:
            raise RouteError(f"the flow names '{name}', which is no component")
        hop = dict.fromkeys(HOP.names or (), 0)
        hop.update(
            kind=kind,
            next=-1,
            question=-1,
            calls=-1,
            shard=-1,
            again=-1,
            outer=-1,
            station=self.index[name] if name is not None else -1,
        )
        self.hops.append(hop)
        if name in self.asides and kind in (SEND, VISIT) and goes_aside:
            self.pending.append((len(self.hops) - 1, name, ()))
        return len(self.hops) - 1

    def point(self, hop: int, firsts: Sequence[int]) -> None:
        self.hops[hop].update(first=len(self.targets), count=len(firsts))
        self.targets.extend(firsts)


def _head(chain: ChainLike) -> str:
    head = name_of(chain.steps[0]) if chain.steps else ""
    if not head:
        raise RouteError("a chain of the flow has to begin at one component")
    return head


def _by_head(chains: Iterable[ChainLike]) -> dict[str, ChainLike]:
    found: dict[str, ChainLike] = {}
    for chain in chains:
        if _head(chain) in found:
            raise RouteError(f"two chains of the flow begin at '{_head(chain)}'")
        found[_head(chain)] = chain
    return found


def calls_between(
    hops: NDArray[Any], targets: NDArray[np.int64], sender: int, receiver: int
) -> list[int]:
    """The VISITs of one component that follow upon another, by their places among all names.

    What a fork, a join or a choice stands between is a call as well.
    """
    before = _predecessors(hops, targets)
    found = []
    for hop in np.flatnonzero((hops["kind"] == VISIT) & (hops["station"] == receiver)).tolist():
        waiting, seen = list(before.get(hop, ())), {hop}
        while waiting:
            other = waiting.pop()
            if other in seen:
                continue
            seen.add(other)
            if hops["kind"][other] not in (VISIT, SEND):
                waiting += before.get(other, ())
            elif hops["station"][other] == sender:
                found.append(hop)
                break
    return found


def _predecessors(hops: NDArray[Any], targets: NDArray[np.int64]) -> dict[int, list[int]]:
    """What leads to each hop: to what comes after a SPLIT, the ends of its branches."""
    before: dict[int, list[int]] = {}
    ends = {int(hops["first"][hop]): hop for hop in np.flatnonzero(hops["kind"] == RETURN).tolist()}
    for hop, row in enumerate(hops):
        branches = targets[row["first"] : row["first"] + row["count"]].tolist()
        for following in (int(row["calls"]), *branches):
            before.setdefault(following, []).append(hop)
        last = [ends[branch] for branch in branches] if row["kind"] == SPLIT else [hop]
        before.setdefault(int(row["next"]), []).extend(last)
    return before
