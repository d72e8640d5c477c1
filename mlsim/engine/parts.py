"""What a network is built of: stations with their service times, and clients."""

import math
from dataclasses import dataclass
from enum import IntEnum

from mlsim.engine.draws import Distribution

PRIORITIES = 8
"""Priorities of rows: 7 for the most urgent, in lane 0, down to 0, in lane 7."""


class Balancing(IntEnum):
    """How requests find a replica that has a line of its own.

    RANDOM: by a draw. ROUND_ROBIN: one after the other. LEAST_OUTSTANDING: the one with the fewest
    requests, waiting or served; the lowest of several. POWER_OF_TWO: of two that are drawn, the one
    with fewer. Source of the last: Mitzenmacher, "The power of two choices in randomized load
    balancing" (2001).
    """

    RANDOM = 1
    ROUND_ROBIN = 2
    LEAST_OUTSTANDING = 3
    POWER_OF_TWO = 4


class AfterCrash(IntEnum):
    """What becomes of requests that a replica had when it crashed.

    LOSES: they fail. RETRIES: they visit the station anew, and their service begins anew. RESUMES:
    they visit it anew, and their service goes on where it stopped.
    """

    LOSES = 0
    RETRIES = 1
    RESUMES = 2


@dataclass(frozen=True)
class Cache:
    """What a station keeps of the answers of those it calls, by the key of a row.

    ttl: seconds from the return of an answer after which it is asked for anew. capacity: answers
    that are kept; one more makes that which has been unused for longest go.
    """

    ttl: float = math.inf
    capacity: int = 1

    def __post_init__(self) -> None:
        if not (self.ttl > 0.0 and self.capacity >= 1):
            raise ValueError(
                f"a cache needs ttl > 0 and capacity >= 1 (got {self.ttl}, {self.capacity})"
            )


MOST_RETRIES = 100
"""How often a station can be called again."""


@dataclass(frozen=True)
class Service:
    """How long a service takes, in seconds: a `Distribution` with its parameters.

    A draw below 0, as a normal distribution may give, counts as 0.
    """

    distribution: Distribution = Distribution.CONSTANT
    a: float = 0.0
    b: float = 0.0


def law_of(time: float | Service) -> Service:
    """The law of a time, also where it is always the same."""
    return time if isinstance(time, Service) else Service(a=time)


def _lasts(patience: float | Service) -> bool:
    law = law_of(patience)
    return law.distribution != Distribution.CONSTANT or law.a > 0.0


@dataclass(frozen=True)
class Station:
    """A place of service: lines in order of arrival, and workers who take from them.

    workers: per replica; None is unlimited. queue_limit: places to wait; None is unlimited.
    optional: an attempt goes on, with a gap, where its visit here brings nothing. retries: how
    often whoever called it calls again where the call, or what lies behind it, brings nothing.
    timeout: seconds after which whoever called gives up on a visit, whose work goes on.
    patience: seconds after which one who waits leaves the line, or the law by which each draws
    them. error_rate: share of services that end in nothing. batch: who is served at once, at most:
    as soon as they are so many, or the first has waited `batch_wait` seconds; each after the first
    adds `per_item` seconds.
    shards: parts, each a replica with a line of its own, all of which a request visits at once; it
    goes on when `wait_for` of them (0: all) have served it.
    balancing: how requests find a replica with a line, and a queue_limit, of its own; None: one
    line feeds them all. after_crash: what becomes of what a crashed replica had.
    sharing: a replica serves all its requests at once, up to `at_once`, who share its `workers`; it
    needs balancing. concurrency: who may be inside, waiting or served. rate: requests that are let
    in per second, in the long run; burst: how many at once after a pause. quota: those that are let
    in at most during each `quota_per` seconds, counted from time 0. sheds_above: seconds that one
    may wait before no more are let into the line. cold_services: the first at a replica that
    has started take `coldness` times as long. prioritised: rows have a priority, by which they are
    served: first those in lane 0 of PRIORITIES. sized: rows have a size, by which their service
    times are multiplied. cache: rows have a key; where the answer for it is kept, nobody is called.
    """

    name: str
    workers: int | None = None
    replicas: int = 1
    service: Service = Service()
    queue_limit: int | None = None
    optional: bool = False
    retries: int = 0
    timeout: float = math.inf
    patience: float | Service = math.inf
    error_rate: float = 0.0
    batch: int = 1
    batch_wait: float = 0.0
    per_item: float = 0.0
    balancing: Balancing | None = None
    shards: int = 0
    wait_for: int = 0
    after_crash: AfterCrash = AfterCrash.LOSES
    sharing: bool = False
    at_once: int | None = None
    concurrency: int | None = None
    rate: float = math.inf
    burst: float = 1.0
    quota: float = math.inf
    quota_per: float = math.inf
    sheds_above: float = math.inf
    cold_services: int = 0
    coldness: float = 1.0
    prioritised: bool = False
    sized: bool = False
    cache: Cache | None = None

    @property
    def patience_law(self) -> Service:
        """The law of the patience; constant and infinite where nobody ever leaves."""
        return law_of(self.patience)

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise ValueError(f"station '{self.name}': needs workers >= 1 (got {self.workers})")
        if self.replicas < 1:
            raise ValueError(f"station '{self.name}': needs replicas >= 1 (got {self.replicas})")
        if self.shards and (self.replicas != self.shards or self.balancing is None):
            raise ValueError(f"station '{self.name}': needs a replica with a line for each shard")
        if self.queue_limit is not None and self.queue_limit < 0:
            raise ValueError(
                f"station '{self.name}': needs queue_limit >= 0 (got {self.queue_limit})"
            )
        if not 0 <= self.retries <= MOST_RETRIES:
            raise ValueError(
                f"station '{self.name}': needs retries in 0..{MOST_RETRIES} (got {self.retries})"
            )
        if not (self.timeout > 0.0 and _lasts(self.patience)):
            raise ValueError(
                f"station '{self.name}': needs timeout > 0 and patience > 0 "
                f"(got {self.timeout}, {self.patience})"
            )
        if self.batch < 1 or not (0.0 <= self.batch_wait < math.inf and self.per_item >= 0.0):
            raise ValueError(
                f"station '{self.name}': needs batch >= 1, a finite batch_wait >= 0 and "
                f"per_item >= 0 (got {self.batch}, {self.batch_wait}, {self.per_item})"
            )
        if not (self.quota >= 0.0 and self.quota_per > 0.0):
            raise ValueError(
                f"station '{self.name}': needs quota >= 0 and quota_per > 0 "
                f"(got {self.quota}, {self.quota_per})"
            )
        if not (self.rate > 0.0 and self.burst >= 1.0 and self.coldness > 0.0):
            raise ValueError(
                f"station '{self.name}': needs rate > 0, burst >= 1 and coldness > 0 "
                f"(got {self.rate}, {self.burst}, {self.coldness})"
            )
        if self.sharing and (self.workers is None or self.balancing is None or self.batch > 1):
            raise ValueError(
                f"station '{self.name}': sharing needs workers and balancing, and no batches"
            )
        if not 0.0 <= self.error_rate <= 1.0:
            raise ValueError(
                f"station '{self.name}': needs error_rate in 0..1 (got {self.error_rate})"
            )


@dataclass(frozen=True)
class Session:
    """What people do when a request of a load has ended, however it ended.

    load: its name. think: time until the next request. ways: (number of a load, probability) for
    each that may be next; the rest leaves.
    """

    load: str
    think: Service
    ways: tuple[tuple[int, float], ...]

    def __post_init__(self) -> None:
        total = sum(probability for _, probability in self.ways)
        if any(probability < 0.0 for _, probability in self.ways) or total > 1.0 + 1e-9:
            raise ValueError(f"load '{self.load}': needs probabilities that add up to at most 1")


@dataclass(frozen=True)
class Client:
    """Who sends requests and waits `timeout` seconds per attempt, then tries up to `retries` more.

    backoff: seconds between the failure of an attempt and the next, or their law; the n-th retry
    waits min(cap, backoff * growth**(n - 1)), with `jitter` a random part of that. budget: retries
    that each request allows, saved up to 10. patience: seconds from the arrival of a request until
    its person leaves, or their law. deadline: nobody begins to serve an attempt after its timeout.
    cancels: whether work under way is cancelled when nobody waits for it any more, or goes on.
    falls_back: a request without an answer ends with one of the client's own. hedges: attempts that
    join the first, one by one, `hedge_after` seconds after the last. trips_at: failures in a row
    after which nothing is sent for `open_for` seconds; 0 for never.
    """

    name: str
    timeout: float = math.inf
    retries: int = 0
    backoff: float | Service = 0.0
    patience: float | Service = math.inf
    growth: float = 1.0
    cap: float = math.inf
    jitter: bool = False
    budget: float = math.inf
    deadline: bool = False
    cancels: bool = False
    falls_back: bool = False
    hedges: int = 0
    hedge_after: float = 0.0
    trips_at: int = 0
    open_for: float = 0.0

    @property
    def backoff_law(self) -> Service:
        """The law of the backoff, also where it is always the same."""
        return law_of(self.backoff)

    @property
    def patience_law(self) -> Service:
        """The law of the patience; constant and infinite where nobody ever leaves."""
        return law_of(self.patience)

    def __post_init__(self) -> None:
        if not self.timeout > 0.0:
            raise ValueError(f"client '{self.name}': needs timeout > 0 (got {self.timeout})")
        if not _lasts(self.patience):
            raise ValueError(f"client '{self.name}': needs patience > 0 (got {self.patience})")
        law = self.backoff_law
        fixed = law.distribution == Distribution.CONSTANT
        if self.retries < 0 or (fixed and not 0.0 <= law.a < math.inf):
            raise ValueError(
                f"client '{self.name}': needs retries >= 0 and a finite backoff >= 0 "
                f"(got {self.retries}, {self.backoff})"
            )
