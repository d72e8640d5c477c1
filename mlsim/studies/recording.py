"""What a run keeps of single requests, visits and rows beside what it counts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mlsim.errors import MlsimError, nearest
from mlsim.measures.table import Table
from mlsim.scenario.spec import Scenario
from mlsim.studies.expected import expected
from mlsim.studies.logs import RequestLog, RowLog, VisitLog
from mlsim.system.simulation import System

WHOLE = ("requests", "visits", "rows")
"""What can be kept as a whole: requests as clients see them, their visits to components, and rows
as collectors receive them."""

SAMPLE = 20_000
"""Requests, or about as many, that every run keeps for looking at."""

LIMIT = 1 << 30
"""Bytes that one table of one world may take; its process needs two to three times that."""

_BYTES = 8


class UnknownRecord(MlsimError):
    """Something is to be recorded that isn't known."""


class TooMuchToRecord(MlsimError):
    """A table would be larger than the limit."""


def chosen(record: str | Collection[str]) -> frozenset[str]:
    """What is to be kept whole, from one name or several; raises UnknownRecord.

    >>> sorted(chosen("visits"))
    ['visits']
    """
    names = [record] if isinstance(record, str) else list(record)
    for name in names:
        if name not in WHOLE:
            near = nearest(name, WHOLE)
            hint = f" (did you mean '{near}'?)" if near else ""
            raise UnknownRecord(f"record: must be one of {', '.join(WHOLE)} (got '{name}'){hint}")
    return frozenset(names)


@dataclass(frozen=True)
class Recording:
    """What is to be kept of each world of a scenario.

    whole: of what all is kept (see `WHOLE`). share: of the requests that are kept.
    """

    whole: frozenset[str]
    share: float

    @classmethod
    def of(cls, scenario: Scenario, whole: Collection[str]) -> "Recording":
        """A sample of requests, and all of what is asked for; raises TooMuchToRecord."""
        for name, (rows, columns) in sizes(scenario).items():
            size = rows * columns * _BYTES
            if name in whole and size > LIMIT:
                raise TooMuchToRecord(
                    f"record '{name}': about {rows / 1e6:.0f} million rows of a world would take "
                    f"{size / 2**30:.1f} GiB, more than {LIMIT / 2**30:.0f} GiB; "
                    "shorten the horizon or lower the rate of the load"
                )
        share = 1.0 if "requests" in whole else SAMPLE / max(expected(scenario, 0.0), SAMPLE)
        return cls(frozenset(whole), share)

    def logs(self, system: System) -> dict[str, RequestLog | VisitLog | RowLog]:
        """Listeners for one world, by the name of what they keep."""
        logs: dict[str, RequestLog | VisitLog | RowLog] = {
            "requests": RequestLog(system, self.share)
        }
        if "visits" in self.whole:
            logs["visits"] = VisitLog(system)
        if "rows" in self.whole:
            logs["rows"] = RowLog(system)
        return logs


def tables(logs: Mapping[str, RequestLog | VisitLog | RowLog]) -> dict[str, Table]:
    """What the logs have kept, by name."""
    return {name: log.table() for name, log in logs.items()}


def sizes(scenario: Scenario) -> dict[str, tuple[float, int]]:
    """Rows and columns of each table, if every request is at every component once."""
    requests = expected(scenario, 0.0)
    stops = sum(c.in_flow and not c.starts_requests for c in scenario.system.values())
    columns = len(scenario.world.columns()) + len(scenario.outputs())
    return {
        "requests": (requests, len(RequestLog.own) + len(scenario.world.varying) + columns),
        "visits": (requests * stops, len(VisitLog.names)),
        "rows": (expected(scenario, -scenario.history), len(RowLog.own) + columns),
    }
