"""Where day 0 lies in the week."""

from datetime import datetime


def calendar_offset(start: datetime | None) -> float:
    """Seconds from Monday 00:00 UTC to the scenario's start; 0 for a scenario without one.

    >>> calendar_offset(datetime(2020, 11, 3, 6))  # a Tuesday, six in the morning
    108000.0
    """
    if start is None:
        return 0.0
    return start.weekday() * 86400.0 + start.hour * 3600.0 + start.minute * 60.0 + start.second
