"""Whether keys of components that serve could ever do something."""

from collections.abc import Collection, Container, Iterator
from itertools import takewhile
from typing import NamedTuple

from mlsim.scenario.checks import scenario_check
from mlsim.scenario.flow_checks import is_connected
from mlsim.scenario.flow_steps import Call, Chain, Choice, Step, Steps, name_of
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.system.rolling_deploy import RollingDeploy
from mlsim.system.server import Served
from mlsim.system.ways import readable_choice


def _served(scenario: Scenario) -> list[tuple[str, Served]]:
    return [(name, spec) for name, spec in scenario.system.items() if isinstance(spec, Served)]


# --- retries that nothing sets off ---

FAILS = frozenset(
    {
        *("error_rate", "timeout", "queue_limit", "patience", "rate_limit"),
        *("concurrency_limit", "sheds_above", "on_bad"),
    }
)
"""Keys by which visits may fail without a fault. Who writes `error_rate: 0` will vary it."""


class Reach(NamedTuple):
    """As far as retries of the first of `steps` go in its line, where it stands once.

    cut: what splits the flow there, if something does. goes_on: whether more comes behind.
    """

    steps: Steps
    cut: Step | None
    goes_on: bool


@scenario_check
def retries_of_nothing(scenario: Scenario) -> Iterator[Mistake]:
    """Retries that end before anything that could fail."""
    served = [(name, spec) for name, spec in _served(scenario) if spec.retries]
    if not (served and _is_known(scenario) and is_connected(scenario)):
        return
    reaches, hit = list(_reaches(scenario)), _hit(scenario)
    for name, spec in served:
        own = [reach for reach in reaches if name_of(reach.steps[0]) == name]
        if own and not any(_may_act(scenario, reach, hit) for reach in own):
            yield ("system", name, "retries"), *_of_nothing(spec, own[0])


def _of_nothing(spec: Served, reach: Reach) -> tuple[str, str]:
    """What is to be told of retries that can't act, and what was probably meant."""
    ends = f"with its {'shards' if spec.shards else 'branch'}"
    if reach.cut:
        ends = f"before {'the shards of ' * bool(name_of(reach.cut))}{_readable(reach.cut)}"
    message = f"would do nothing: they end {ends}, and up to there nothing fails a request"
    instead = _in_brackets(spec, reach)
    return message + ("; what is in brackets is called again with it" if instead else ""), instead


def _in_brackets(spec: Served, reach: Reach) -> str:
    """How to write what retries could reach then; "" where nothing can."""
    if reach.cut is None or spec.keeps_calls_out:
        return ""
    first, *more = (name_of(step) for step in reach.steps)
    return f"{first}({' -> '.join((*more, _readable(reach.cut)))})"


def _readable(step: Step) -> str:
    return readable_choice(step) if isinstance(step, Choice) else str(step)


def _may_act(scenario: Scenario, reach: Reach, hit: Container[str]) -> bool:
    """Whether the first in a line may be called again, or the flow ends with it.

    A flow that could only fail if it had other settings is left alone: nobody is misled by it.
    """
    if not reach.goes_on:
        return True
    for number, step in enumerate(reach.steps):
        spec = scenario.system[name_of(step)]
        passes = number > 0 and getattr(spec, "optional", False)
        is_plain = isinstance(spec, Served) and type(spec).station is Served.station
        fails = isinstance(step, Call) or not is_plain or spec.model_fields_set & FAILS
        if not passes and (fails or name_of(step) in hit):
            return True
    return False


def _reaches(scenario: Scenario) -> Iterator[Reach]:
    clients = {name for name, spec in scenario.system.items() if spec.starts_requests}
    shards = {name for name, spec in _served(scenario) if spec.shards}
    heads = {name_of(chain.steps[0]): chain for chain in scenario.flow if not chain.aside}
    heads = {name: chain for name, chain in heads.items() if name and name not in clients}
    for chain in scenario.flow:
        steps = _whole(chain, heads)[int(chain.aside) :]
        yield from _along(tuple(s for s in steps if name_of(s) not in clients), shards, False)


def _whole(chain: Chain, heads: dict[str, Chain]) -> Steps:
    """A line with those that go on where it ends."""
    steps, seen = chain.steps, {id(chain)}
    while (more := heads.get(name_of(steps[-1]))) and id(more) not in seen:
        seen.add(id(more))
        first = steps[-1] if isinstance(more.steps[0], str) else more.steps[0]
        steps = (*steps[:-1], first, *more.steps[1:])
    return steps


def _along(steps: Steps, shards: Container[str], goes_on: bool) -> Iterator[Reach]:
    """The reach of each component of some steps, those within others included.

    shards: who has some. goes_on: whether something comes behind the last step.
    """
    for number, step in enumerate(steps):
        name, rest = name_of(step), steps[number + 1 :]
        if name:
            line = takewhile(lambda one: name_of(one) and name_of(one) not in shards, rest)
            own = () if name in shards else tuple(line)
            behind = rest[len(own) :]
            cut = behind[0] if behind and name not in shards else None
            yield Reach((step, *own), cut, bool(behind) or goes_on)
        if not isinstance(step, str):
            more = not isinstance(step, Call) and (bool(rest) or goes_on)
            for branch in step.branches:
                yield from _along(branch, shards, more)


# --- queues in which nobody waits ---

INSTEAD = {
    "queue_limit": "concurrency_limit",
    "patience": "timeout",
    "sheds_above": "concurrency_limit",
    "priority": "",
}
"""Keys about those who wait, and what does nearly the same where nobody does."""


@scenario_check
def queues_of_nobody(scenario: Scenario) -> Iterator[Mistake]:
    """Keys about who waits, at components where nobody ever does."""
    set_at = [(name, spec, key) for name, spec in _served(scenario) for key in _about_waits(spec)]
    if not set_at:
        return
    hit = _hit(scenario) if _is_known(scenario) else scenario.system
    for name, spec, key in set_at:
        if why := _why_nobody_waits(spec, name in hit):
            yield ("system", name, key), f"would do nothing: nobody waits {why}", INSTEAD[key]


def _about_waits(spec: Served) -> Iterator[str]:
    fields = type(spec).model_fields
    return (key for key in INSTEAD if getattr(spec, key) != fields[key].default)


def _why_nobody_waits(spec: Served, may_be_down: bool) -> str:
    """Why a component serves everybody at once; "" if it may let somebody wait."""
    if spec.discipline == "processor_sharing":
        return "" if spec.at_once else "where all share the workers, without at_once"
    # What comes while all replicas are down is rejected, unless one queue feeds them all.
    may_wait = may_be_down and not (spec.balancing or spec.shards)
    return "" if spec.workers or spec.batch or may_wait else "without workers, a number of them"


# --- what may happen to components ---


def _is_known(scenario: Scenario) -> bool:
    """Whether the file says what goes wrong; who leaves that out for one run changes no more."""
    left_out = any(path.startswith("faults") for path in scenario.document.settings)
    return scenario.is_read("faults", "system") and not left_out


def _hit(scenario: Scenario) -> Collection[str]:
    """The components at which there are faults, or whose replicas are replaced."""
    deploys = (spec for spec in scenario.system.values() if isinstance(spec, RollingDeploy))
    faults = (fault.where(scenario.system) for fault in scenario.faults)
    return {*(deploy.component for deploy in deploys), *(name for one in faults for name in one)}
