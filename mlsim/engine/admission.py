"""Admission: who is let in at the door of a station, before there is any question of a line."""

import math

from mlsim.engine.jit import kernel_call, kernel_step
from mlsim.engine.lines import oldest
from mlsim.engine.state import State

ROUNDING = 1e-9
"""So much less than one permit is one: gaps between requests are rounded, too."""


@kernel_call
def admits(state: State, now: float, index: int) -> bool:
    """Whether a station's limits of concurrency and of rate, and its quota, let one more in."""
    station = state.stations[index]
    period = math.floor(now / station.quota_per)
    if period != station.period:
        station.period, station.let_in = period, 0
    if inside(state, index) >= station.concurrency or station.let_in >= station.quota:
        return False
    if station.rate < math.inf:
        filled = station.permits + (now - station.filled) * station.rate
        station.permits, station.filled = min(station.burst, filled), now
        if station.permits < 1.0 - ROUNDING:
            return False
        station.permits -= 1.0
    station.let_in += 1
    return True


@kernel_step
def inside(state: State, index: int) -> int:
    """Requests that wait or are served at a station, without the one that has just come."""
    s = state.stations[index]
    gone = s.served + s.rejected + s.lost + s.failed + s.expired + s.timed_out + s.cancelled
    count: int = s.arrived - 1 - gone
    return count


@kernel_call
def sheds(state: State, now: float, index: int, number: int) -> bool:
    """Whether somebody waits so long in a line that no more are let into it."""
    longest: float = now - oldest(state, index, number)
    return bool(longest > state.stations[index].sheds_above)
