"""The state that the kernel moves: a few arrays of records, one per purpose.

Three pools of slots, recycled when nothing refers to them any more:

    request   somebody wants something; lives while attempts or a coming retry refer to it
    attempt   one try of a client (or the only one without a client), or what an aside carries
    token     where an attempt is; a fork makes more of them, a join takes them in

Python reads and changes these arrays between two calls of the kernel, never during one.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Kinds of events; the number is the rank among events of one instant.
COMPLETION, FAILURE, WAKE, TIMEOUT, RESEND = range(5)
KIND_SHIFT = 48
SLOT_MASK = (1 << KIND_SHIFT) - 1

# Where a token is.
WAITING, IN_SERVICE, DOOMED, LOST = range(4)

# What became of an attempt; the first four are also the outcomes of requests.
OK, TIMED_OUT, REJECTED, FAILED, PENDING, ASIDE = range(6)

# What became of a visit.
VISIT_SERVED, VISIT_REJECTED, VISIT_LOST = range(3)

# Why the kernel returned.
DONE, NEEDS_ARRIVALS, NEEDS_ROOM = range(3)

# Places in `State.tally`.
EVENTS, FREE_REQUEST, FREE_ATTEMPT, FREE_TOKEN = range(4)
REQUESTS_USED, ATTEMPTS_USED, TOKENS_USED = range(4, 7)
NEXT_ARRIVAL, KNOWN_ARRIVALS, VISITS_LOGGED, ROWS_LOGGED, LOGS_VISITS = range(7, 12)
MARGIN, IN_FLIGHT, MOVES = range(12, 15)
TALLIES = 15

EVENT = np.dtype([("time", "f8"), ("what", "i8")])
"""`what` packs kind and slot: kind << 48 | slot."""

REQUEST = np.dtype(
    [
        ("id", "i8"),
        ("load", "i8"),
        ("attempts", "i8"),
        ("references", "i8"),
        ("next", "i8"),
        ("arrival", "f8"),
    ]
)
ATTEMPT = np.dtype(
    [
        ("request", "i8"),
        ("number", "i8"),
        ("state", "i8"),
        ("references", "i8"),
        ("next", "i8"),
        ("sent", "f8"),
    ]
)
TOKEN = np.dtype(
    [
        ("attempt", "i8"),
        ("hop", "i8"),
        ("next", "i8"),
        ("replica", "i8"),
        ("settings", "i4"),
        ("state", "i4"),
        ("arrival", "f8"),
        ("start", "f8"),
    ]
)
"""`next` links a free slot to the next free one, and a waiting token to the one behind it."""

STATION = np.dtype(
    [
        ("key", "u8"),
        ("distribution", "i8"),
        ("a", "f8"),
        ("b", "f8"),
        ("instant", "i8"),
        ("queue_limit", "i8"),
        ("replicas", "i8"),
        ("free", "i8"),
        ("head", "i8"),
        ("tail", "i8"),
        ("waiting", "i8"),
        ("arrived", "i8"),
        ("started", "i8"),
        ("served", "i8"),
        ("rejected", "i8"),
        ("lost", "i8"),
    ]
)
"""`instant`: unlimited workers and no service time, so a visit takes no event.
`replicas`: how many columns of `busy` and `room` were ever in use; `free`: idle workers of all."""

CLIENT = np.dtype([("station", "i8"), ("timeout", "f8"), ("retries", "i8"), ("backoff", "f8")])
LOAD = np.dtype([("client", "i8"), ("hop", "i8")])

VISIT_ROW = np.dtype(
    [
        ("request", "i8"),
        ("arrival", "f8"),
        ("start", "f8"),
        ("end", "f8"),
        ("attempt", "i4"),
        ("station", "i4"),
        ("replica", "i4"),
        ("settings", "i4"),
        ("outcome", "i8"),
    ]
)
REQUEST_ROW = np.dtype(
    [
        ("request", "i8"),
        ("arrival", "f8"),
        ("sent", "f8"),
        ("end", "f8"),
        ("load", "i4"),
        ("where", "i4"),
        ("attempts", "i4"),
        ("outcome", "i4"),
        ("answer", "i8"),
    ]
)


class State(NamedTuple):
    """All that a network is between two calls of the kernel.

    heap: events by (time, order of the instant); agenda: (token, hop) to move at this instant.
    requests, attempts, tokens: pools; stamps, joined: per attempt, per name and per join.
    hops, targets: programs (see `routes`); loads, clients: who enters where, and how patiently.
    stations, settings: per name; busy, room: per station and replica, workers in use and in all.
    arrival_times, arrival_ids: the block of arrivals at hand.
    visits, rows, row_stamps: logs being filled.
    """

    tally: NDArray[np.int64]
    clock: NDArray[np.float64]
    heap: NDArray[Any]
    agenda: NDArray[np.int64]
    requests: NDArray[Any]
    attempts: NDArray[Any]
    tokens: NDArray[Any]
    stamps: NDArray[np.int32]
    joined: NDArray[np.int32]
    hops: NDArray[Any]
    targets: NDArray[np.int64]
    loads: NDArray[Any]
    clients: NDArray[Any]
    stations: NDArray[Any]
    settings: NDArray[np.int32]
    busy: NDArray[np.int64]
    room: NDArray[np.int64]
    arrival_times: NDArray[np.float64]
    arrival_ids: NDArray[np.int64]
    visits: NDArray[Any]
    rows: NDArray[Any]
    row_stamps: NDArray[np.int32]
