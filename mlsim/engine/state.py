"""The state that the kernel moves: a few arrays of records, one per purpose.

Three pools of slots, recycled when nothing refers to them any more:

    request   somebody wants something; lives while attempts or a coming retry refer to it
    attempt   one try of a client (or the only one without a client), or what an aside carries
    token     where an attempt is; a fork makes more of them, a join takes them in

Their records are narrow, and what each event reads stands first: an overload holds many of them.
Python reads and changes these arrays between two calls of the kernel, never during one.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, cast, get_type_hints

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.routes import HOP


def _codes(names: int) -> tuple[int, ...]:
    """0, 1, 2 ... as NumPy integers: for Python literals numba would compile a function anew."""
    return cast(tuple[int, ...], tuple(np.arange(names, dtype=np.int64)))


# Kinds of events; the number is the rank among events of one instant.
(
    CANCELLATION,
    COMPLETION,
    TURN,
    FAILURE,
    WAKE,
    BATCH_DUE,
    EXPIRY,
    RENEGING,
    CALL_TIMEOUT,
    TIMEOUT,
    DEPARTURE,
    RESEND,
    HEDGE,
    FOLLOW_UP,
) = _codes(14)

# Where a token is; CALLED_OFF: cancelled in a batch, which goes on without it. DOOMED: in service
# where there was a crash, STRANDED: in line there; both until the crash's events have come.
# AWAITING: at a fork, until enough branches are back. ADRIFT: a call that never arrives, until who
# made it gives up.
WAITING, IN_SERVICE, DOOMED, LOST, CALLED_OFF, STRANDED, AWAITING, ADRIFT = _codes(8)

# What became of an attempt or a request; no attempt is ABANDONED or a
# FALLBACK, and no request CANCELLED, an ASIDE or CALLED (a branch of an attempt, under way).
(
    OK,
    TIMED_OUT,
    REJECTED,
    FAILED,
    ABANDONED,
    FALLBACK,
    PENDING,
    CANCELLED,
    ASIDE,
    CALLED,
) = _codes(10)
NOWHERE = cast(int, np.int64(-1))
"""In `where` of a request's row: not a sink, but the end as its client sees it."""

# What became of a visit.
(
    VISIT_SERVED,
    VISIT_REJECTED,
    VISIT_LOST,
    VISIT_FAILED,
    VISIT_EXPIRED,
    VISIT_TIMED_OUT,
    VISIT_CANCELLED,
) = _codes(7)

# A client's circuit breaker.
CLOSED, OPEN, HALF_OPEN = _codes(3)

# How requests are spread over the replicas of a station; SHARED: one line feeds all.
SHARED, RANDOM, ROUND_ROBIN, LEAST_OUTSTANDING, POWER_OF_TWO = _codes(5)

# What becomes of calls between two that can't reach each other.
REACHES, GETS_LOST, IS_REFUSED = _codes(3)

# What becomes of what a crashed replica had.
LOSES, RETRIES, RESUMES = _codes(3)

# Why the kernel returned.
DONE, NEEDS_ARRIVALS, NEEDS_ROOM, NEEDS_ANSWER = _codes(4)

PUSHES = 8
"""Events that a token may push at each hop, at most, and a client beside."""

# Places in `State.tally`.
(
    EVENTS,
    FREE_REQUEST,
    FREE_ATTEMPT,
    FREE_TOKEN,
    REQUESTS_USED,
    ATTEMPTS_USED,
    TOKENS_USED,
    NEXT_ARRIVAL,
    KNOWN_ARRIVALS,
    VISITS_LOGGED,
    ROWS_LOGGED,
    LOGS_VISITS,
    MARGIN,
    MOVES,
    CANCELS,
    MOVED,
    ASKING,
    LANES,
    TAKEN,
    TICKETS,
) = range(20)
TALLIES = 20
"""How many of them. CANCELS: whether any client cancels work, so that it must be found again.
MOVES: how many stand on the agenda; MOVED: how many of them were done when the kernel stopped at
the next, which stands at an ASK without an answer. ASKING: whether one does. LANES: lines per
replica. TICKETS: given to those who began to wait with a patience of their own."""

EVENT = np.dtype(
    [
        ("time", "f8"),
        ("entity", "i8"),
        ("slot", "i8"),
        ("kind", "i2"),
        ("hop", "i2"),
        ("attempt", "i4"),
    ]
)
"""When, what, whose (entity, attempt, hop: the order at one instant), and the slot it is about."""

REQUEST = np.dtype(
    [
        ("id", "i8"),
        ("arrival", "f8"),
        ("sent", "f8"),
        ("next", "i4"),
        ("references", "i4"),
        ("attempts", "i4"),
        ("pending", "i4"),
        ("retried", "i4"),
        ("hedged", "i4"),
        ("youngest", "i4"),
        ("load", "i2"),
        ("state", "i2"),
        ("drew", "i2"),
    ],
    align=True,
)
"""`sent`: its last attempt; `pending`: attempts under way; `retried`, `hedged`: attempts after the
first, by why they were sent; `drew`: whether its first attempt has drawn ahead; `youngest`: the
last that still has a slot.
`next` leads from a free slot to the next free one (see `slots`), and from a request whose person
may leave to the one whose person came next."""

ATTEMPT = np.dtype(
    [
        ("path", "i8"),
        ("sent", "f8"),
        ("deadline", "f8"),
        ("request", "i4"),
        ("number", "i4"),
        ("references", "i4"),
        ("next", "i4"),
        ("regime", "i4"),
        ("elder", "i4"),
        ("youngest", "i4"),
        ("caller", "i4"),
        ("state", "i2"),
    ],
    align=True,
)
"""`path`: tells branches and asides apart, where whoever they came from is called again; else 0.
`deadline`: after which nobody begins to serve it. `regime`: of the breaker when it was sent.
`elder`: the attempt of the same request before it; `youngest`: the last token that it has.
`caller`: the token that waits for a branch.
`next` leads from a free slot to the next free one (see `slots`), and from an attempt with a timer
to the one whose timer was set next."""

TOKEN = np.dtype(
    [
        ("arrival", "f8"),
        ("start", "f8"),
        ("ends", "f8"),
        ("service", "f8"),
        ("given", "f8"),
        ("attempt", "i4"),
        ("law", "i4"),
        ("next", "i4"),
        ("previous", "i4"),
        ("line", "i4"),
        ("replica", "i4"),
        ("settings", "i4"),
        ("hop", "i2"),
        ("state", "i2"),
        ("left", "f8"),
        ("calls", "i8"),
        ("elder", "i4"),
        ("child", "i4"),
        ("sooner", "i4"),
        ("later", "i4"),
        ("ticket", "i4"),
        ("ghost", "i1"),
        ("lane", "i1"),
        ("crashes", "i2"),
        ("awaits", "i2"),
        ("returned", "i2"),
        ("called", "i2"),
        ("fate", "i2"),
    ],
    align=True,
)
"""`line`: number of the one in which it waits; `lane`: how urgent it is, where that matters: 0 is
served first. `ends`: when its service will or, where a replica is shared, at which progress of
that; `child`: the first below it in the heap of those marks.
`left`: share of the work that is still to do; less than 1 after a crash. `crashes`: how often the
visit has been lost to one, and was made again.
`service`: drawn seconds, under the station's `law` of that number. `given`: what its replica, if it
is shared, had given to each when it came.
`next` leads from a free slot to the next free one (see `slots`), from a waiting token to the one
behind it, and from one that is served in a batch to the next of that batch;
`previous` to the one before it. `replica`: where it is served, or waits if lines are of replicas.
`elder`: the token of the same attempt before it.
`calls`: how often it has been called again, in each layer of callers (see `calls.call_again`).
`ghost`: whoever called has given up, so the token goes no further than its visit.
`sooner`, `later`: neighbours among the calls that a station's `timeout` bounds.
`awaits`: branches begun for it and not over; `returned`: those that are back. `called`: whether the
worker that serves it has called others, and `fate` what came of that.
`ticket`: of the last wait whose patience was drawn; no other wait has its number."""

STATION = np.dtype(
    [
        ("key", "u8"),
        ("family", "i8"),
        ("met_by", "i8"),
        ("distribution", "i8"),
        ("a", "f8"),
        ("b", "f8"),
        ("law", "i8"),
        ("instant", "i8"),
        ("optional", "i8"),
        ("retries", "i8"),
        ("closed", "i8"),
        ("failing", "f8"),
        ("failing_key", "u8"),
        ("losing", "f8"),
        ("losing_key", "u8"),
        ("question", "i8"),
        ("priority", "i8"),
        ("sized", "i8"),
        ("patience", "f8"),
        ("patience_law", "i8"),
        ("patience_b", "f8"),
        ("patience_key", "u8"),
        ("timeout", "f8"),
        ("batch", "i8"),
        ("batch_wait", "f8"),
        ("per_item", "f8"),
        ("queue_limit", "i8"),
        ("balancing", "i8"),
        ("balancing_key", "u8"),
        ("turn", "i8"),
        ("sharing", "i8"),
        ("cache", "i8"),
        ("guarded", "i8"),
        ("concurrency", "i8"),
        ("rate", "f8"),
        ("burst", "f8"),
        ("permits", "f8"),
        ("filled", "f8"),
        ("quota", "f8"),
        ("quota_per", "f8"),
        ("period", "i8"),
        ("let_in", "i8"),
        ("sheds_above", "f8"),
        ("coldness", "f8"),
        ("after_crash", "i8"),
        ("first_call", "i8"),
        ("last_call", "i8"),
        ("call_times_out", "i8"),
        ("arrived", "i8"),
        ("started", "i8"),
        ("served", "i8"),
        ("rejected", "i8"),
        ("lost", "i8"),
        ("failed", "i8"),
        ("expired", "i8"),
        ("timed_out", "i8"),
        ("cancelled", "i8"),
    ]
)
"""`law`: number of the service-time distribution in force.
`family`: the distribution of draws that are made ahead, for loads whose bits are set in `met_by`.
`instant`: unlimited workers and no service time, so a visit takes no event.
`retries`: how often whoever called calls again.
`optional`: a visit that brings nothing leaves a gap in the attempt, and doesn't fail it.
`closed`: nobody is let in. `failing`: share of services that end in nothing; `losing`: share of
those that don't whose answer gets lost.
`question`: whose answer says whether a row can't be served, or -1; `priority`: whose answer is the
lane in which a row waits, or -1; `sized`: whose answer is a factor of its service time, or -1.
`patience`: seconds after which who waits leaves the line or, with `patience_b`, parameters of their
law, from which each draws; `timeout`: after which who called for a visit gives up on it.
`batch`: who is served at once, at most; a smaller batch is served after its first has waited
`batch_wait`, and each after the first takes `per_item` seconds more.
`balancing`: SHARED, or how requests find a replica that has a line of its own; `turn`: the replica
that had the last, going round. `sharing`: whether a replica serves all at once (see `sharing`).
`cache`: number of the one in which it keeps what those answer whom it calls, or -1.
`after_crash`: LOSES, RETRIES or RESUMES what a crashed replica had.
`guarded`: whether there are limits at its door: `concurrency`, who may be inside, and `rate`, with
`burst` permits at most and `permits` at the time `filled`, and `quota`, who may be let in during
each `quota_per` seconds; in the one of number `period` it was `let_in`. `sheds_above`: how long one
may wait in a line before no more are let in. `coldness`: how many times as long services at a cold
replica take.
`call_times_out`: whether the heap holds the event that looks after `first_call`."""

REPLICA = np.dtype(
    [
        ("busy", "i8"),
        ("room", "i8"),
        ("slowness", "f8"),
        ("accepts", "i8"),
        ("cold", "i8"),
        ("first", "i8"),
        ("workers", "f8"),
        ("progress", "f8"),
        ("given", "f8"),
        ("updated", "f8"),
        ("due", "f8"),
    ]
)
"""Workers in use, and workers that take work: none while crashed, nor, with one line for all, while
scaled away; who has a line of its own serves it to its end.
`slowness`: what service times are multiplied by. `accepts`: whether it is sent anything.
`cold`: services that it must begin until it is warm.
Where it is shared, `busy` and `room` are requests that share its `workers`; `progress`: seconds of
service that each has got, since there were none, as of `updated`; `first`: the token that ends
next, or -1; `due`: when the event comes that looks after it, or inf."""

LINE = np.dtype(
    [
        ("free", "i8"),
        ("head", "i8"),
        ("tail", "i8"),
        ("waiting", "i8"),
        ("batch_due", "i8"),
        ("expires", "i8"),
    ]
)
"""`free`: idle workers that take from it; `head`, `tail`: tokens at its ends.
`batch_due`, `expires`: whether the heap holds the event that looks after the batch at its head, or
after its head. The line of replica r of station k has the number k + r * stations * lanes; if
replicas share one, it is that of the first. Where there are priorities, nobody stands in this line,
but in one of LANES - 1 more, `stations` apart, of which the first is served first; it counts those
who wait in all of them."""

CACHE = np.dtype(
    [
        ("ttl", "f8"),
        ("capacity", "i8"),
        ("question", "i8"),
        ("first_entry", "i8"),
        ("first_bucket", "i8"),
        ("mask", "i8"),
        ("used", "i8"),
        ("free", "i8"),
        ("newest", "i8"),
        ("oldest", "i8"),
    ]
)
"""`question`: whose answer is the key of a row. `first_entry`, `capacity`: span in
`State.entries`; `first_bucket`, `mask` + 1, a power of 2: in `State.buckets`. `used`: entries taken
since it was empty; `free`: the last of them that was given back, or -1. `newest`, `oldest`: entries
by their last use, or -1."""

ENTRY = np.dtype(
    [("key", "i8"), ("filled", "f8"), ("next", "i8"), ("newer", "i4"), ("older", "i4")]
)
"""An answer that is kept, since `filled`. `next`: the other entry with its bucket, or -1; `newer`,
`older`: its neighbours in the order of use."""

LOAD = np.dtype(
    [
        ("hop", "i8"),
        ("client", "i8"),
        ("timeout", "f8"),
        ("retries", "i8"),
        ("backoff", "i8"),
        ("backoff_a", "f8"),
        ("backoff_b", "f8"),
        ("backoff_key", "u8"),
        ("growth", "f8"),
        ("cap", "f8"),
        ("jitter", "i8"),
        ("key", "u8"),
        ("patience", "f8"),
        ("patience_law", "i8"),
        ("patience_b", "f8"),
        ("patience_key", "u8"),
        ("deadline", "i8"),
        ("cancels", "i8"),
        ("falls_back", "i8"),
        ("hedges", "i8"),
        ("hedge_after", "f8"),
        ("shared", "i8"),
        ("budget", "f8"),
        ("savings", "f8"),
        ("trips_at", "i8"),
        ("open_for", "f8"),
        ("failures", "i8"),
        ("breaker", "i8"),
        ("open_until", "f8"),
        ("opened", "i8"),
        ("regime", "i8"),
        ("first_timer", "i8"),
        ("last_timer", "i8"),
        ("first_leaver", "i8"),
        ("last_leaver", "i8"),
        ("first_way", "i8"),
        ("ways", "i8"),
        ("think", "i8"),
        ("think_a", "f8"),
        ("think_b", "f8"),
        ("think_key", "u8"),
        ("way_key", "u8"),
        ("person_key", "u8"),
        ("until", "f8"),
    ]
)
"""First hop, and the client with its habits; `client` is its place among names, or -1.
`shared`: the load that keeps the retry budget and the circuit breaker of the client.
`budget`: retries that each request allows; `savings`: those that are left.
`breaker`: CLOSED, OPEN until `open_until`, or HALF_OPEN; `failures`: in a row, in this `regime`;
`opened`: how often it did, from time 0 on.
`first_timer`, `last_timer`: ends of the list of attempts that a timer refers to, or -1;
`first_leaver`, `last_leaver`: of the list of requests whose persons may leave.
`first_way`, `ways`: span in `State.ways` of what people may do next, after they have thought for a
time of the distribution `think`; nothing at or after `until`."""

WAY = np.dtype([("load", "i8"), ("below", "f8")])
"""A way to go on: to a load, for those whose luck is below a number and not below one before."""

ARRIVAL = np.dtype([("time", "f8"), ("entity", "i8")])

INT64, INT32, FLOAT64 = (np.dtype(kind) for kind in (np.int64, np.int32, np.float64))

WORDS = 3
"""Per array of a table: its address, and how long it is in its first and its second dimension."""


@dataclass(frozen=True)
class State:
    """All that a network is between two calls of the kernel.

    heap: events by (time, order of the instant); agenda: (token, hop) to move at this instant.
    requests, attempts, tokens: pools; stamps, joined: per attempt, per name and per join.
    answers: per attempt; per question its answer, or -1, and then the stamps, per name, on which
    the answers rest. told: per attempt, the last answer to each question that it was asked.
    expected: as `answers`, per request, for an attempt to come; then whether others have other
    answers, and the number of that attempt and when it is sent, as the bits of that.
    foreseen: the same per arrival of the block.
    drawn: per request, per station, what its first attempt has drawn there; drawn_ahead: the same
    per station, per arrival of the block (see `ahead`).
    hops, targets: programs (see `routes`); loads: who enters where, and how patiently.
    ways: what people do next, load by load.
    stations, settings: per name; replicas: per station and replica; lines: see `LINE`.
    caches, entries: see `caching`; buckets: 1 + the first entry of each, or 0; kept: per entry, per
    name, what its filler was stamped with.
    arrivals: the block at hand; clock: time of the last event.
    visit_...: columns of the log of visits that is being filled, those of `tables.Visits`; row_...:
    of that of requests, those of `tables.Requests`.

    Beside each stand its dtype and its number of dimensions, on which the kernel relies.
    """

    tally: Annotated[NDArray[np.int64], INT64, 1]
    clock: Annotated[NDArray[np.float64], FLOAT64, 1]
    heap: Annotated[NDArray[Any], EVENT, 1]
    agenda: Annotated[NDArray[np.int64], INT64, 1]
    requests: Annotated[NDArray[Any], REQUEST, 1]
    attempts: Annotated[NDArray[Any], ATTEMPT, 1]
    tokens: Annotated[NDArray[Any], TOKEN, 1]
    drawn: Annotated[NDArray[np.float64], FLOAT64, 2]
    stamps: Annotated[NDArray[np.int32], INT32, 2]
    joined: Annotated[NDArray[np.int32], INT32, 2]
    answers: Annotated[NDArray[np.int64], INT64, 2]
    told: Annotated[NDArray[np.int64], INT64, 2]
    expected: Annotated[NDArray[np.int64], INT64, 2]
    hops: Annotated[NDArray[Any], HOP, 1]
    targets: Annotated[NDArray[np.int64], INT64, 1]
    loads: Annotated[NDArray[Any], LOAD, 1]
    ways: Annotated[NDArray[Any], WAY, 1]
    stations: Annotated[NDArray[Any], STATION, 1]
    settings: Annotated[NDArray[np.int32], INT32, 1]
    replicas: Annotated[NDArray[Any], REPLICA, 2]
    lines: Annotated[NDArray[Any], LINE, 1]
    caches: Annotated[NDArray[Any], CACHE, 1]
    buckets: Annotated[NDArray[np.int32], INT32, 1]
    entries: Annotated[NDArray[Any], ENTRY, 1]
    kept: Annotated[NDArray[np.int32], INT32, 2]
    arrivals: Annotated[NDArray[Any], ARRIVAL, 1]
    foreseen: Annotated[NDArray[np.int64], INT64, 2]
    drawn_ahead: Annotated[NDArray[np.float64], FLOAT64, 2]
    visit_request: Annotated[NDArray[np.int64], INT64, 1]
    visit_attempt: Annotated[NDArray[np.int32], INT32, 1]
    visit_station: Annotated[NDArray[np.int32], INT32, 1]
    visit_replica: Annotated[NDArray[np.int32], INT32, 1]
    visit_settings: Annotated[NDArray[np.int32], INT32, 1]
    visit_arrival: Annotated[NDArray[np.float64], FLOAT64, 1]
    visit_start: Annotated[NDArray[np.float64], FLOAT64, 1]
    visit_end: Annotated[NDArray[np.float64], FLOAT64, 1]
    visit_work: Annotated[NDArray[np.float64], FLOAT64, 1]
    visit_priority: Annotated[NDArray[np.int32], INT32, 1]
    visit_outcome: Annotated[NDArray[np.int32], INT32, 1]
    row_request: Annotated[NDArray[np.int64], INT64, 1]
    row_load: Annotated[NDArray[np.int32], INT32, 1]
    row_where: Annotated[NDArray[np.int32], INT32, 1]
    row_attempts: Annotated[NDArray[np.int32], INT32, 1]
    row_hedges: Annotated[NDArray[np.int32], INT32, 1]
    row_arrival: Annotated[NDArray[np.float64], FLOAT64, 1]
    row_sent: Annotated[NDArray[np.float64], FLOAT64, 1]
    row_end: Annotated[NDArray[np.float64], FLOAT64, 1]
    row_outcome: Annotated[NDArray[np.int32], INT32, 1]
    row_answer: Annotated[NDArray[np.int64], INT64, 1]
    row_stamps: Annotated[NDArray[np.int32], INT32, 2]

    @cached_property
    def table(self) -> NDArray[np.int64]:
        """Where the arrays lie and how long they are, for machine code: WORDS for each.

        Raises: ValueError for an array that isn't as `ARRAYS` says.
        """
        table = np.ones((len(ARRAYS), WORDS), np.int64)
        for line, (name, dtype, dimensions) in zip(table, ARRAYS, strict=True):
            array = getattr(self, name)
            fits = array.dtype == dtype and array.ndim == dimensions and array.flags.c_contiguous
            if not fits:
                raise ValueError(f"array '{name}' of the state isn't as the kernel reads it")
            line[0] = (
                array.ctypes.data
            )  # its array interface loses a Ctrl-C while it describes records
            line[1 : 1 + array.ndim] = array.shape
        return table.ravel()


ARRAYS: tuple[tuple[str, np.dtype[Any], int], ...] = tuple(
    (name, *hint.__metadata__) for name, hint in get_type_hints(State, include_extras=True).items()
)
"""Name, dtype and number of dimensions of each array of a state."""
