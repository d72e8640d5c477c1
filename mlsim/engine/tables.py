"""What a network hands out: columns of its logs, and counters of its stations."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Visits(NamedTuple):
    """Columns of visits, one row per visit, in the order in which they ended.

    request: int64 entity ids; attempt: 0, 1 ...; station: index in `Network.names`;
    replica and settings: -1 where no service began; arrival, start, end: seconds;
    work: seconds of a worker that it took: its share of one who is shared, of a batch all of it;
    priority: from 7, the most urgent, down to 0; -1 where the station has none;
    outcome: `state.VISIT_SERVED`, `VISIT_REJECTED`, `VISIT_LOST`, `VISIT_FAILED`, `VISIT_EXPIRED`,
    `VISIT_TIMED_OUT` (its caller had given up before it ended) or `VISIT_CANCELLED`.
    """

    request: NDArray[np.int64]
    attempt: NDArray[np.int32]
    station: NDArray[np.int32]
    replica: NDArray[np.int32]
    settings: NDArray[np.int32]
    arrival: NDArray[np.float64]
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    work: NDArray[np.float64]
    priority: NDArray[np.int32]
    outcome: NDArray[np.int32]


class Requests(NamedTuple):
    """Columns of ended requests and of asides that reached their sink.

    where: -1 for the end of a request, else the index of the sink in `Network.names`.
    attempts: sent so far; hedges: those of them that joined others; arrival: at the client; sent:
    of this attempt; end: seconds.
    outcome: `state.OK`, `TIMED_OUT`, `REJECTED`, `FAILED`, `ABANDONED` or `FALLBACK`.
    answer: attempt that answered, or -1.
    stamps: int32[rows, names], settings number met at each name; -1 where not met or no answer, and
    at a sink that has refused the aside.
    """

    request: NDArray[np.int64]
    load: NDArray[np.int32]
    where: NDArray[np.int32]
    attempts: NDArray[np.int32]
    hedges: NDArray[np.int32]
    arrival: NDArray[np.float64]
    sent: NDArray[np.float64]
    end: NDArray[np.float64]
    outcome: NDArray[np.int32]
    answer: NDArray[np.int64]
    stamps: NDArray[np.int32]


@dataclass(frozen=True)
class Counters:
    """What a station has seen since the start; a picture of one instant.

    in_service: busy workers per replica. An arrival is either still there, or counted as one of
    served, rejected, lost, failed, expired, timed_out and cancelled.
    """

    arrived: int
    started: int
    served: int
    rejected: int
    lost: int
    failed: int
    expired: int
    timed_out: int
    cancelled: int
    waiting: int
    in_service: tuple[int, ...]
