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
    times = row["overloads"]
    often = f" (the worst of {wording.counted(times, 'time')})" if times > 1 else ""
    when = _span(row["overload_from_s"], row["overload_until_s"])
    return f"{row['name']}: {_load(row['demand'])} {when}{often}"


def _load(demand: float | None) -> str:
    """How much more came than could be served; in percent only where that is easily read.

    >>> _load(1.12), _load(109.86), _load(None)
    ('112% utilised', 'needs 110 times its capacity', 'without a worker')
    """
    if demand is None:
        return "without a worker"
    if demand < 2:
        return f"{wording.percent(demand)} utilised"
    return f"needs {wording.number(demand)} times its capacity"


def _span(start: float, until: float | None) -> str:
    """From when to when; for how long, where both would read alike.

    >>> _span(7200.0, 7500.0), _span(115200.0, 116400.0)
    ('from 2 h to 2 h 5 min', 'from 1 d 8 h for 20 min')
    """
    begin = wording.duration(start)
    if until is None:
        return f"from {begin} on"
    if wording.duration(until) != begin:
        return f"from {begin} to {wording.duration(until)}"
    return f"from {begin} for {wording.duration(until - start)}"
