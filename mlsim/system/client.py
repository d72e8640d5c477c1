"""client: where requests come from, how long they are waited for, and what is sent along."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mlsim.engine.columns import Column
from mlsim.engine.network import Client as ClientStation
from mlsim.scenario import expressions as ex
from mlsim.scenario.expressions import DurationExpression
from mlsim.scenario.kinds import Mistake, Spec
from mlsim.scenario.refusal import Refusal
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Bound, Name, Probability, duration_text
from mlsim.system.base import Component, Inbox, component_kind
from mlsim.system.output import Output
from mlsim.system.patience import Patience, patience_of
from mlsim.system.release import AppRelease, published_releases, release_misfits
from mlsim.system.service_time import service_of

if TYPE_CHECKING:
    from mlsim.system.simulation import System


class Retries(Spec):
    """What a client does when an attempt brings no answer."""

    max: int = Field(ge=0, le=100)
    """Attempts after the first one."""
    backoff: DurationExpression = ex.Number(0.0, dimension=1, text="0s")
    """Time between the failure of an attempt and the next one; random if it is a distribution."""
    growth: float = Field(1.0, ge=1, le=10)
    """What the backoff is multiplied by from one retry to the next; 2 doubles it."""
    cap: Bound = np.inf
    """The longest backoff to which it grows."""
    jitter: bool = False
    """Whether a client waits a random part of its backoff (full jitter), or all of it."""
    budget: Probability | None = None
    """Retries that each request allows, all clients together; up to 10 are saved up."""


class Breaker(Spec):
    """A circuit breaker: after failures in a row nothing is sent for a while, then one probe."""

    failures: int = Field(ge=1, le=1_000_000)
    """Attempts in a row without an answer, of all clients together, that open it."""
    open_for: Bound
    """Time until one attempt is let through; if it is answered, the breaker closes."""


class Hedge(Spec):
    """Further attempts beside the one under way; the first answer counts."""

    after: Bound
    """Time without an answer after which another attempt is sent."""
    max: int = Field(1, ge=1, le=10)
    """How many are sent beside the first."""


@component_kind("client")
class Client(Component):
    """A phone app, a browser or another program in which requests begin and where answers arrive.

    An attempt that is not answered within `timeout` is given up, but the work that it caused goes
    on unless the client `cancels` it, and its late answer is thrown away. When attempts are used
    up, the request ends as timed_out, rejected or failed, after its last attempt, or as fallback if
    the client `falls_back`; when the person leaves before, as abandoned.
    """

    starts_requests: ClassVar[bool] = True
    sends_columns: ClassVar[bool] = True
    example: ClassVar[str] = """
        kind: client
        timeout: 4s
        retries: {max: 2, backoff: 500ms}
        releases:
          v1: {}
          v2: {at: 1d, adoption: exponential(mean=2d), units: {temperature: fahrenheit}}
    """

    kind: Literal["client"] = "client"
    timeout: Bound = np.inf
    """How long an attempt is waited for; without it, forever."""
    retries: Retries = Retries(max=0)
    """Further attempts after a timeout, a rejection or a failure."""

    patience: Patience | None = None
    """Time from its first attempt after which the person leaves; without it, never. Where it is a
    distribution, it is drawn for each request."""

    breaker: Breaker | None = None
    """When to stop sending for a while."""
    hedge: Hedge | None = None
    """Further attempts before the first has failed."""
    deadline: bool = False
    """Whether the timeout travels along: nobody begins to serve an attempt that is over."""
    cancels: bool = False
    """Whether work is cancelled that nobody waits for any more."""
    falls_back: bool = False
    """Whether the client makes do with a default answer of its own where it gets none."""

    releases: dict[Name, AppRelease] = {}
    """Versions of the app in order of time, the first one everybody's. They live side by side:
    people install a version when they please. `<client>.version` is its number, from 0."""

    def outputs(self, name: str) -> Iterable[str]:
        return (f"{name}.version",) if self.releases else ()

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        try:
            service_of(self.retries.backoff)
        except Refusal as refusal:
            yield ("retries", "backoff"), refusal.message, refusal.suggestion
        for place, message, near in release_misfits(self.releases, scenario):
            yield ("releases", *place), message, near

    def doubts(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        if self.hedge and self.hedge.after >= self.timeout:
            told = f"no attempt is hedged: each is given up after {duration_text(self.timeout)}"
            yield ("hedge", "after"), told, ""

    def station(self, name: str) -> ClientStation:
        retries, breaker, hedge = self.retries, self.breaker, self.hedge
        return ClientStation(
            name,
            self.timeout,
            retries.max,
            service_of(retries.backoff),
            patience_of(self.patience),
            growth=retries.growth,
            cap=retries.cap,
            jitter=retries.jitter,
            budget=np.inf if retries.budget is None else retries.budget,
            deadline=self.deadline,
            cancels=self.cancels,
            falls_back=self.falls_back,
            hedges=hedge.max if hedge else 0,
            hedge_after=hedge.after if hedge else 0.0,
            trips_at=breaker.failures if breaker else 0,
            open_for=breaker.open_for if breaker else 0.0,
        )

    def first_settings(self, system: "System", name: str) -> Output:
        releases = published_releases(self.releases, system, name)
        return Output(by_person=True, releases=releases)

    def touched(self, settings: Output, rows: Inbox, column: str) -> NDArray[np.bool_] | bool:
        return settings.changed(column, rows)

    def unreadable(
        self, settings: Output, rows: Inbox, column: str, known: Collection[str]
    ) -> NDArray[np.bool_] | bool:
        return settings.unreadable(column, rows, known)

    def compute(self, settings: Output, rows: Inbox, column: str) -> Column:
        if column.endswith(".version"):
            return settings.version(rows.people, rows.sent)
        return settings.send(column, rows[column], rows)
