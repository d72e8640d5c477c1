"""What a run says of components to which more came than they could serve."""

from collections.abc import Mapping
from typing import Any

from mlsim.report import wording


def overloaded(summary: Mapping[str, Any]) -> list[str]:
    """A sentence for each overloaded component, from the run's summary.

    >>> row = {"name": "gateway", "overloads": 2, "demand": 1.12}
    >>> overloaded({"components": [row | {"overload_from_s": 792000.0, "overload_until_s": None}]})
    ['gateway: 112% utilised from 9 d 4 h on (the worst of two times)']
    """
    return [_sentence(row) for row in summary["components"] if row.get("overloads")]


def _sentence(row: Mapping[str, Any]) -> str:
    until = row["overload_until_s"]
    end = "on" if until is None else f"to {wording.duration(until)}"
    begin = wording.duration(row["overload_from_s"])
    times = row["overloads"]
    often = f" (the worst of {wording.counted(times, 'time')})" if times > 1 else ""
    demand = row["demand"]
    what = f"{wording.percent(demand)} utilised" if demand is not None else "without a worker"
    return f"{row['name']}: {what} from {begin} {end}{often}"
