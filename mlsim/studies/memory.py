"""How much memory a run will need, told before it starts; too much is refused."""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from mlsim.engine.state import ENTRY, EVENT, REQUEST
from mlsim.errors import MlsimError
from mlsim.monitoring.spec import Monitoring
from mlsim.scenario.spec import Scenario
from mlsim.studies.expected import backlogs, entries, expected, patient
from mlsim.studies.recording import Recording, sizes
from mlsim.system.model import Model
from mlsim.system.trainer import Trainer

GIB, TIB = float(1 << 30), float(1 << 40)
LARGEST_MACHINE = TIB
"""Bytes beyond which nobody is told how to allow it."""
PROGRAM, BLOCKS = 0.2 * GIB, 0.25 * GIB
"""Bytes of the program with its libraries, and of rows on their way through it."""
PER_CELL = 300
"""Bytes that a component's counters and series take for each scrape."""
PER_WAITING = 1000
"""Bytes of a request in the network, with room for as many more as pools grow by at once."""
PER_PATIENCE = 2 * (EVENT.itemsize + REQUEST.itemsize)
"""Bytes of a wait whose patience has not ended: its event, and the request that a client's wait
keeps, with room for as many more.
"""
_UNITS = {"MB": 1e6, "GB": 1e9, "MIB": float(1 << 20), "GIB": GIB}


class TooMuchMemory(MlsimError):
    """A run would need more memory than it may take."""


@dataclass(frozen=True)
class Estimate:
    """What a run is expected to need. requests: of one world. bytes: of one, by what needs them.

    time: seconds in which they come.
    """

    requests: float
    time: float
    bytes: Mapping[str, float]

    @property
    def total(self) -> float:
        """Bytes of one world."""
        return sum(self.bytes.values())


def estimate(
    scenario: Scenario, monitoring: Monitoring | None, recording: Recording, scrape: float
) -> Estimate:
    """What a world of a scenario needs, to about a factor of two. scrape: seconds between two."""
    time = scenario.history + scenario.horizon
    interval = monitoring.scrape_interval if monitoring else scrape
    tables = sizes(scenario)
    needs = {
        "the program": PROGRAM + BLOCKS,
        "its series": time / interval * len(scenario.system) * PER_CELL,
        "rows to train on": 8.0 * _training_rows(scenario) * _training_columns(scenario),
    }
    needs |= {
        f"recorded {name}": 2.5 * 8 * rows * columns
        for name, (rows, columns) in tables.items()
        if name in recording.whole
    }
    needs |= {
        f"requests that wait at {name}": PER_WAITING * most for name, most in backlogs(scenario)
    }
    needs |= {f"drawn patience at {name}": PER_PATIENCE * most for name, most in patient(scenario)}
    # Each has a place, up to two buckets, and the stamps that its filler has met.
    entry = ENTRY.itemsize + 2 * 4 + 4 * len(scenario.system)
    needs |= {f"what {name} keeps": entry * most for name, most in entries(scenario)}
    return Estimate(expected(scenario, -scenario.history), time, needs)


def check(one: Estimate, worlds: int, limit: float) -> None:
    """Raises TooMuchMemory where so many worlds side by side need more than `limit` bytes."""
    if one.total * worlds <= limit:
        return
    parts = sorted(one.bytes.items(), key=lambda part: -part[1])[:3]
    told = ", ".join(f"{what} {_gib(size)}" for what, size in parts if size > 0.01 * one.total)
    side = f"{worlds} worlds side by side" if worlds > 1 else "the run"
    each = " each" if worlds > 1 else ""
    advice = "Shorten the horizon, or lower the rate"
    if one.total * worlds <= LARGEST_MACHINE:
        enough = math.ceil(one.total * worlds / GIB)
        advice = (
            "Shorten the horizon, lower the rate, scrape less often, or allow it with "
            f"--max-memory {enough}GiB"
        )
    raise TooMuchMemory(
        f"{side} would need about {_gib(one.total * worlds)} of memory, more than {_gib(limit)}: "
        f"{_rounded(one.requests)} requests{each}, {_rounded(one.requests / one.time)} a second; "
        f"{told}. {advice}"
    )


def size(text: str) -> float:
    """Bytes of a size such as 4GiB or 500MB; raises ValueError for another text.

    >>> size("2GiB"), size("500 MB")
    (2147483648.0, 500000000.0)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMG]i?B)\s*", text, re.IGNORECASE)
    if match is None or match[2].upper() not in _UNITS:
        raise ValueError(f"must be a size such as 4GiB or 500MB (got '{text}')")
    return float(match[1]) * _UNITS[match[2].upper()]


def of_this_machine() -> float:
    """Bytes that a run may take if nobody says otherwise: four fifths of the machine's memory."""
    try:
        return 0.8 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not every system tells
        return float("inf")


def _rounded(number: float) -> str:
    short = float(f"{number:.3g}")
    return f"{short:,.0f}" if short >= 100 else f"{short:g}"


def _gib(size: float) -> str:
    if size > LARGEST_MACHINE:
        return f"{size / TIB:,.0f} TiB"
    return f"{size / GIB:.2g} GiB" if size < 100 * GIB else f"{size / GIB:.0f} GiB"


def _training_rows(scenario: Scenario) -> float:
    """Rows that are kept at once for training: those of the longest window, or of the history."""
    if not any(isinstance(spec, Model) for spec in scenario.system.values()):
        return 0.0
    windows = [spec.window for spec in scenario.system.values() if isinstance(spec, Trainer)]
    back = max([scenario.history, *windows])
    return expected(scenario, scenario.horizon - back)


def _training_columns(scenario: Scenario) -> int:
    models = [spec for spec in scenario.system.values() if isinstance(spec, Model)]
    return 6 + 2 * len(models) + len({name for model in models for name in model.inputs})
