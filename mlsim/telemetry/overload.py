"""Overload: stretches of time in which more work came to a component than its workers can do.

Work is arrivals times the time that a worker takes for one, as measured at the time; where workers
serve batches, for one of a full batch. What comes beyond what the workers can do piles up, on
paper: also where lines are short and the rest is turned away, so that 1.12 erlangs offered to one
worker are 112% whatever becomes of the requests.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SURPRISE = 3.5
"""How much work has to pile up, in standard deviations of what a Poisson process brings."""
SERVICES = 200
"""Services whose mean is a time of service, about."""

Counts = NDArray[np.int32]
Times = NDArray[np.float64]


@dataclass(frozen=True)
class Overload:
    """One stretch, up to where most had piled up.

    demand: the work that came in it by the work that could be done; inf if none could.
    start, end: seconds since day 0; `end` is inf where it goes on at the last scrape.
    excess: worker-seconds that piled up.
    """

    demand: float
    start: float
    end: float
    excess: float


def overloads(
    came: Counts, served: Counts, worked: Times, can: Times, times: Times, uneven: float = 1.0
) -> list[Overload]:
    """The overloads of a component, in order of time.

    came, served: arrivals, and ends of services, by the scrape that first sees them. worked:
    seconds that workers took for those, or would have taken in full batches. can: seconds that all
    workers together have in each cell. times: of the scrapes, in seconds, evenly spaced. uneven: by
    what the variance of the work that comes is greater than that of as many equal visits, each of
    which comes alone.

    >>> cells = np.ones(9)
    >>> came, served = (1200 * cells).astype(int), (1000 * cells).astype(int)
    >>> [grows] = overloads(came, served, 60 * cells, 60 * cells, 60 * np.arange(1.0, 10.0))
    >>> grows.demand, grows.start, grows.end
    (1.2, 0.0, inf)
    """
    each = _seconds_each(served, worked)
    work, step = came * each, times[1] - times[0]
    balance = np.cumsum(work - can)
    piled = balance - np.minimum(np.minimum.accumulate(balance), 0.0)
    found = []
    for begin, end in _stretches(piled > 0):
        top = begin + int(np.argmax(piled[begin:end]))
        here = slice(begin, top + 1)
        if piled[top] >= SURPRISE * each[here].mean() * math.sqrt(uneven * came[here].sum()):
            could = can[here].sum()
            demand = float(work[here].sum() / could) if could else math.inf
            goes_on = end == times.size and piled[-1] > 0.9 * piled[top]
            last = math.inf if goes_on else float(times[top])
            found.append(Overload(demand, float(times[begin] - step), last, float(piled[top])))
    return found


def worst(found: list[Overload]) -> Overload | None:
    """The one in which most piled up."""
    return max(found, key=lambda one: one.excess, default=None)


def _seconds_each(served: Counts, worked: Times) -> Times:
    """Seconds that a worker takes for one request, by cell: the mean over so many cells that it is
    about one of `SERVICES`.
    """
    total = int(served.sum())
    cells = max(1, min(served.size, math.ceil(SERVICES * served.size / total))) if total else 1
    starts = np.arange(0, served.size, cells)
    counts, seconds = np.add.reduceat(served, starts), np.add.reduceat(worked, starts)
    overall = worked.sum() / total if total else 0.0
    means = np.where(counts > 0, seconds / np.maximum(counts, 1), overall)
    return np.asarray(np.repeat(means, cells)[: served.size])


def _stretches(holds: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(first, last + 1) of each run of cells for which something holds."""
    edges = np.flatnonzero(np.diff(holds, prepend=False, append=False))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
