"""server: workers, a queue before them, and a time that each request takes."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from math import prod
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from mlsim.engine.network import AfterCrash, Balancing, Service, Station
from mlsim.engine.parts import PRIORITIES
from mlsim.engine.routes import LAYERS, MOST_CALLS
from mlsim.scenario import expressions as ex
from mlsim.scenario.checks import scenario_check
from mlsim.scenario.expressions import DurationExpression, FixedExpression
from mlsim.scenario.flow_steps import calls
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.refusal import Refusal
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Bound, Name, Probability
from mlsim.system.base import Component, component_kind
from mlsim.system.patience import Patience, patience_of
from mlsim.system.service_time import service_of, split
from mlsim.system.serving import Batch, ColdStart, RateLimit

AFTER_CRASH = {
    "lost": AfterCrash.LOSES,
    "retried": AfterCrash.RETRIES,
    "resumed": AfterCrash.RESUMES,
}


class Served(Component):
    """What all components have that requests pass through: time, workers, a queue.

    Without `workers` there are always enough; without `service_time` it takes no time.
    """

    alone: ClassVar[bool] = False
    """Whether there can be no more than one replica."""

    service_time: DurationExpression | None = None
    """Time that a worker spends on a request; it may depend on what the request carries, and is 0
    where that is missing, and on when it was sent."""
    workers: int | None = Field(None, ge=1, le=100_000)
    """Requests that one replica serves at the same time; unlimited if not given."""
    shards: int | None = Field(None, ge=2, le=1_000)
    """Parts into which its data is divided, each with workers and a queue of its own. A request
    goes to all of them at the same time."""
    wait_for: int | None = Field(None, ge=1)
    """Shards whose answers are enough to go on; all of them if not given."""
    replicas: int = Field(1, ge=1, le=1_000)
    """Copies of the component. One queue feeds them all, an idle one with a low number first,
    unless there is `balancing`."""
    balancing: Literal["random", "round_robin", "least_outstanding", "power_of_two"] | None = None
    """How requests are spread over replicas that have a queue each, and are rejected while none of
    these is up; one queue if not given, where they wait for one that is up, or least_outstanding
    for processor_sharing."""
    queue_limit: int | None = Field(None, ge=0)
    """Requests that may wait in a queue; one more is rejected. Unlimited if not given."""
    patience: Patience | None = None
    """Time after which one that waits leaves the queue, as rejected; without it, never. Where it is
    a distribution, each draws its own."""
    timeout: Bound = np.inf
    """Time after which whoever called it gives up on it, though its work goes on."""
    discipline: Literal["first_come", "processor_sharing"] = "first_come"
    """Whether a worker serves one request after the other, or the workers of a replica share all
    that it has: each is served at once, and the slower the more they are."""
    at_once: int | None = Field(None, ge=1)
    """Requests that share a replica at most; more wait. Only for processor_sharing."""
    priority: FixedExpression | None = None
    """How urgent a request is, from 7 down to 0: of those that wait, the most urgent are served
    first. Rounded down; what is missing is 0, and what is beyond counts as the nearest of these."""
    rate_limit: RateLimit | None = None
    """How many requests are let in over time; the others are rejected. No limit if not given."""
    concurrency_limit: int | None = Field(None, ge=1)
    """Requests that may be inside, waiting or served; one more is rejected."""
    sheds_above: Bound = np.inf
    """Rejects those who come while the first in the queue has waited longer than this."""
    cold_start: ColdStart | None = None
    """Whether a replica that was started anew is slow at first; those of the beginning are warm."""
    on_crash: Literal["lost", "retried", "resumed"] = "lost"
    """What becomes of requests that a replica has when it crashes: retried from the beginning or
    resumed by others, or lost."""
    optional: bool = False
    """Whether the request goes on without it, its outputs missing, where it brings no result."""
    retries: int = Field(0, ge=0, le=100)
    """How often whoever called it calls again, at once, where it, or what lies behind it in the
    same line of the flow, brings nothing: up to a fork, a choice or shards, which can't be sent
    again as a whole. In brackets, as in `door([a, b])`, they are called again with it. Several such
    layers multiply."""
    error_rate: Probability = 0.0
    """Share of the requests that it serves in vain: they fail when their service ends."""
    zones: tuple[Name, ...] = ()
    """Zones in which the replicas run in turn: the first in the first, and so on."""
    machines: tuple[Name, ...] = ()
    """Machines on which the replicas run in turn; others may run on them, too."""

    batch: Batch | None = None
    """Whether a worker serves several requests at once; one by one if not given. Where
    `service_time` depends on what they carry, a batch takes the time of its first request, and not
    that of the longest."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        if self.retries:
            yield from too_many_calls(scenario)
        try:
            self.service()
        except Refusal as refusal:
            yield ("service_time",), refusal.message, refusal.suggestion
        yield from self._sharing_problems()
        yield from self._shard_problems()
        yield from self._replica_problems()
        yield from self._limit_problems()

    def _replica_problems(self) -> Iterable[Mistake]:
        if self.alone and self.replicas > 1:
            yield ("replicas",), f"must be 1: a {self.kind} keeps all that it has in one place", ""

    def _limit_problems(self) -> Iterable[Mistake]:
        if self.rate_limit is None:
            return
        try:
            if ex.constant_value(self.rate_limit.rate) <= 0.0:
                yield ("rate_limit", "rate"), "must be more than 0", ""
        except Refusal as refusal:
            yield ("rate_limit", "rate"), refusal.message, refusal.suggestion

    def _sharing_problems(self) -> Iterable[Mistake]:
        if self.discipline != "processor_sharing":
            if self.at_once is not None:
                yield ("at_once",), "needs discipline: processor_sharing", "workers"
            return
        if self.workers is None:
            yield ("discipline",), "needs workers, which the requests share", ""
        if self.batch is not None:
            yield ("batch",), "can't be, where all requests are served at once", ""

    def doubts(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        for value in _numbers(self.priority):
            if not 0 <= value < PRIORITIES:
                most = PRIORITIES - 1
                counts = most if value > 0 else 0
                message = f"{value:g} counts as {counts}: priorities go from {most} down to 0"
                yield ("priority",), message, ""

    def traits(self) -> dict[str, ex.Expression]:
        """What it goes by, of a row: its `priority`, and the `size` by which its time varies."""
        found = {"priority": self.priority, "size": split(self.service_time)[1]}
        return {what: expression for what, expression in found.items() if expression is not None}

    def service(self) -> Service:
        """Its service time, for a row of size 1 if that matters."""
        return service_of(split(self.service_time)[0])

    def _shard_problems(self) -> Iterable[Mistake]:
        if self.wait_for is not None and self.wait_for > (self.shards or 0):
            message = f"can never complete: there are {self.shards or 'no'} shards"
            yield ("wait_for",), message, str(self.shards or "")
        for key in ("balancing", "batch"):
            if self.shards and getattr(self, key) is not None:
                yield (key,), "can't be combined with shards, to all of which a request goes", ""
        if self.shards and self.replicas > 1:
            yield ("replicas",), "can't be combined with shards: each of them is one replica", ""

    @property
    def may_scale(self) -> bool:
        """Whether more replicas of it, or fewer, do the same work: not where each has its part."""
        return not (self.alone or self.shards)

    @property
    def keeps_calls_out(self) -> str:
        """Why its workers can't wait for others; "" if they can."""
        if self.discipline == "processor_sharing":
            return "workers that requests share"
        return "a batch" if self.batch else "shards" if self.shards else ""

    def station(self, name: str) -> Station:
        batch, balancing = self.batch, self.balancing
        limit, cold = self.rate_limit, self.cold_start
        if self.discipline == "processor_sharing" and balancing is None:
            balancing = "least_outstanding"
        if self.shards:
            balancing = "random"  # unused: who goes to which is settled
        return Station(
            name,
            workers=self.workers,
            replicas=self.shards or self.replicas,
            shards=self.shards or 0,
            wait_for=self.wait_for if self.wait_for != self.shards and self.wait_for else 0,
            service=self.service(),
            concurrency=self.concurrency_limit,
            rate=ex.constant_value(limit.rate) if limit else np.inf,
            burst=limit.burst if limit else 1,
            sheds_above=self.sheds_above,
            cold_services=cold.requests if cold else 0,
            coldness=cold.factor if cold else 1.0,
            sharing=self.discipline == "processor_sharing",
            at_once=self.at_once,
            prioritised=self.priority is not None,
            sized="size" in self.traits(),
            queue_limit=self.queue_limit,
            optional=self.optional,
            retries=self.retries,
            timeout=self.timeout,
            patience=patience_of(self.patience),
            error_rate=self.error_rate,
            batch=batch.size if batch else 1,
            batch_wait=batch.wait if batch else 0.0,
            per_item=batch.per_item if batch else 0.0,
            balancing=Balancing[balancing.upper()] if balancing else None,
            after_crash=AFTER_CRASH[self.on_crash],
        )


def _numbers(expression: ex.Expression | None) -> Iterator[float]:
    """The constants among which an expression chooses."""
    match expression:
        case ex.IfElse(then=then, otherwise=otherwise):
            yield from _numbers(then)
            yield from _numbers(otherwise)
        case ex.Expression():
            with suppress(Refusal):
                yield ex.constant_value(expression)


@scenario_check
def impossible_calls(scenario: Scenario) -> Iterable[Mistake]:
    """Calls in the flow by components whose workers can't wait for others."""
    for number, chain in enumerate(scenario.flow):
        for call in calls(chain.steps):
            spec = scenario.system.get(call.name)
            if isinstance(spec, Served) and (what := spec.keeps_calls_out):
                yield ("flow", number), f"{call.name} has {what}, and can't wait for others", ""


def too_many_calls(scenario: Scenario) -> Iterable[Mistake]:
    """Why callers in layers would call too often, if they stood in one line."""
    served = [spec for spec in scenario.system.values() if isinstance(spec, Served)]
    layers = [1 + spec.retries for spec in served if spec.retries]
    if len(layers) > LAYERS:
        yield ("retries",), f"can stand at {LAYERS} components at most ({len(layers)} here)", ""
    elif prod(layers) > MOST_CALLS:
        message = f"multiply from layer to layer, to at most {MOST_CALLS} times"
        yield ("retries",), f"{message} ({prod(layers)} here)", ""


@component_kind("server")
class Server(Served):
    """A service that handles one request per worker at a time; first come, first served."""

    example: ClassVar[str] = """
        kind: server
        replicas: 2
        workers: 8
        service_time: lognormal(mean=6ms, cv=0.5)
        queue_limit: 200
    """

    kind: Literal["server"] = "server"
