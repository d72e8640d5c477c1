"""Whether requests can take the ways that the flow gives them, and whether these ways end."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Protocol

from mlsim.errors import nearest
from mlsim.scenario.flow_steps import Call, Chain, Choice, Steps, name_of, step_names, within
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario


class Placed(Protocol):
    """What the flow needs to know of a component."""

    kind: str
    in_flow: ClassVar[bool]
    """Whether requests pass through it."""
    starts_requests: ClassVar[bool]
    """Whether it is a client: requests begin here, and what comes back is the reply."""


def flow_problems(scenario: Scenario) -> Iterator[Mistake]:
    """What is wrong with the flow, and with the loads' way into it."""
    system: Mapping[str, Placed] = scenario.system
    unknown = list(_unknown_names(scenario, system))
    yield from unknown
    if unknown or not (scenario.load and scenario.flow and scenario.is_read("flow", "load")):
        return
    yield from _doubled_chains(scenario.flow)
    yield from _entry_problems(scenario)
    yield from _unreached(scenario, system)
    misplaced = [*_cycles(scenario.flow, system), *_clients_in_between(scenario.flow, system)]
    yield from misplaced
    yield from _calls_of_itself(scenario.flow)
    if not misplaced:
        yield from _ends_of_asides(scenario.flow, system)
        yield from _replies_missing(scenario, system)


def is_connected(scenario: Scenario) -> bool:
    """Whether all ways of requests are known: no chain is unreadable or leads to a missing part."""
    steps = [step for chain in scenario.flow for step in step_names(chain.steps)]
    known = all(step in scenario.system for step in steps)
    return bool(steps) and known and scenario.is_read("flow")


def _unknown_names(scenario: Scenario, system: Mapping[str, Placed]) -> Iterator[Mistake]:
    for name, load in scenario.load.items():
        if load.enters not in system:
            place = ("load", name, "enters")
            yield place, f"no component '{load.enters}' in system", nearest(load.enters, system)
    for number, chain in enumerate(scenario.flow):
        for step in dict.fromkeys(step_names(chain.steps)):
            if step not in system:
                message = f"no component '{step}' in system"
                yield ("flow", number), message, nearest(step, system)
            elif not system[step].in_flow:
                message = f"{step} is a {system[step].kind}, through which no requests pass"
                yield ("flow", number), message, ""


def _begins(chain: Chain) -> str:
    """The component at which a chain is entered by name; "" if that is no single component."""
    return name_of(chain.steps[0])


def _ends(chain: Chain) -> str:
    return name_of(chain.steps[-1])


def _doubled_chains(flow: tuple[Chain, ...]) -> Iterator[Mistake]:
    first: dict[str, int] = {}
    for number, chain in enumerate(flow):
        if not _begins(chain):
            yield ("flow", number), "must begin with a single component", ""
        elif not chain.aside and first.setdefault(_begins(chain), number) != number:
            message = (
                f"flow[{first[_begins(chain)]}] begins with {_begins(chain)} already: "
                "what is done at the same time stands in brackets, as in a -> [b, c]"
            )
            yield ("flow", number), message, ""


def _entry_problems(scenario: Scenario) -> Iterator[Mistake]:
    beginnings = [_begins(chain) for chain in scenario.flow if not chain.aside]
    for name, load in scenario.load.items():
        if load.enters not in beginnings:
            message = f"no chain of the flow begins with {load.enters}"
            yield ("load", name, "enters"), message, ""


def _visited(chain: Chain) -> list[str]:
    """The components that a request comes to; it has been at the sender of an aside before."""
    return list(step_names(chain.steps))[int(chain.aside) :]


def _successors(flow: tuple[Chain, ...], system: Mapping[str, Placed]) -> list[list[int]]:
    """By chain: the chains that continue it, and those that go aside from it."""
    return [[n for n, other in enumerate(flow) if _follows(other, chain, system)] for chain in flow]


def _follows(chain: Chain, before: Chain, system: Mapping[str, Placed]) -> bool:
    if chain.aside:
        return _begins(chain) in _visited(before)
    if _replies(before, system) or (chain is before and len(chain.steps) == 1):
        return False
    return _begins(chain) == _ends(before)


def _replies(chain: Chain, system: Mapping[str, Placed]) -> bool:
    return bool(_ends(chain)) and len(chain.steps) > 1 and system[_ends(chain)].starts_requests


def _unreached(scenario: Scenario, system: Mapping[str, Placed]) -> Iterator[Mistake]:
    successors = _successors(scenario.flow, system)
    entries = {load.enters for load in scenario.load.values()}
    waiting = [
        number
        for number, chain in enumerate(scenario.flow)
        if not chain.aside and _begins(chain) in entries
    ]
    reached: set[int] = set()
    while waiting:
        number = waiting.pop()
        if number not in reached:
            reached.add(number)
            waiting.extend(successors[number])
    visited = entries.union(*(_visited(scenario.flow[number]) for number in reached))
    for name, component in system.items():
        if component.in_flow and name not in visited:
            yield ("system", name), "no request comes here: no chain of the flow leads to it", ""
    for number, chain in enumerate(scenario.flow):
        if number not in reached and visited.issuperset(_visited(chain)):
            begin = _begins(chain)
            message = f"no request takes this way: none enters at {begin}, and no way ends there"
            yield ("flow", number), message, ""


def _cycles(flow: tuple[Chain, ...], system: Mapping[str, Placed]) -> Iterator[Mistake]:
    """Chains that lead back to themselves: a request on them would go round for ever."""
    successors = _successors(flow, system)
    after = [_from(number, successors) for number in range(len(flow))]
    told: set[int] = set()
    for number in range(len(flow)):
        if number in after[number] and number not in told:
            circle = [n for n in sorted(after[number]) if number in after[n]]
            told.update(circle)
            message = (
                f"goes round without end ({', '.join(str(flow[n]) for n in circle)}): "
                "only the reply to a client ends a way like this"
            )
            yield ("flow", number), message, ""


def _clients_in_between(flow: tuple[Chain, ...], system: Mapping[str, Placed]) -> Iterator[Mistake]:
    """Clients where requests would have to pass through them."""
    for number, chain in enumerate(flow):
        first, last = chain.steps[:1], chain.steps[-1:] if len(chain.steps) > 1 else ()
        inside = [*chain.steps[1:-1], *(s for s in (*first, *last) if not isinstance(s, str))]
        for name in dict.fromkeys(step_names(tuple(inside))):
            if system[name].starts_requests:
                message = f"client {name} stands in the middle, where no requests pass through it"
                yield ("flow", number), message, ""


def _calls_of_itself(flow: tuple[Chain, ...]) -> Iterator[Mistake]:
    """Components that wait, in the end, for themselves."""
    for number, chain in enumerate(flow):
        for step in within(chain.steps):
            if isinstance(step, Call) and step.name in step_names(step.inside):
                message = f"{step} can never complete: {step.name} waits for itself"
                yield ("flow", number), message, ""


def _last(number: int, flow: tuple[Chain, ...], system: Mapping[str, Placed]) -> int:
    """The chain that ends the way that a chain begins; there are no cycles."""
    for other, chain in enumerate(flow):
        if not chain.aside and _follows(chain, flow[number], system) and other != number:
            return _last(other, flow, system)
    return number


def _ends_of_asides(flow: tuple[Chain, ...], system: Mapping[str, Placed]) -> Iterator[Mistake]:
    for number, chain in enumerate(flow):
        if not chain.aside:
            continue
        ends = _last_components(flow[_last(number, flow, system)].steps)
        for end in dict.fromkeys(ends):
            if not end:
                yield ("flow", number), "goes aside, and must end at a single component", ""
            elif system[end].starts_requests:
                message = f"goes aside, and must not end at {end}: no client waits for it"
                yield ("flow", number), message, ""


def _last_components(steps: Steps) -> Iterator[str]:
    """The component at which a way ends, for each branch of a choice that comes last.

    "" where that is no single one; none for a branch in which nothing is done.
    """
    if steps and isinstance(steps[-1], Choice):
        for branch in steps[-1].branches:
            yield from _last_components(branch)
    elif steps:
        yield name_of(steps[-1])


def _replies_missing(scenario: Scenario, system: Mapping[str, Placed]) -> Iterator[Mistake]:
    """Ways from a client that don't lead back to it."""
    for number, chain in enumerate(scenario.flow):
        client = _begins(chain)
        entered = any(load.enters == client for load in scenario.load.values())
        if chain.aside or not entered or not system[client].starts_requests:
            continue
        last = _last(number, scenario.flow, system)
        end = _ends(scenario.flow[last])
        if end and system[end].starts_requests and end != client:
            message = f"ends at {end}, but {client} sent the request and waits for its reply"
            yield ("flow", last), message, ""
        elif end != client:
            message = f"must end at {client}, which sent the request and waits for its reply"
            yield ("flow", last), message, ""


def _from(start: int, successors: list[list[int]]) -> set[int]:
    """All chains that follow on a chain, sooner or later."""
    found: set[int] = set()
    waiting = list(successors[start])
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting.extend(successors[number])
    return found
