"""Durations as Prometheus writes them: 30s, 5m, 1h30m."""

import re
from typing import Annotated

from mlsim.scenario.refusal import Refusal, got
from mlsim.scenario.units import Quantity, duration

SECONDS = {"y": 31_536_000.0, "w": 604_800.0, "d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_DURATION = re.compile("".join(rf"(?:(\d+){unit})?" for unit in SECONDS) + r"(?:(\d+)ms)?")


def prometheus_duration(value: object) -> float:
    """Seconds of a duration in Prometheus's notation; `m` is a minute.

    >>> prometheus_duration("1h30m"), prometheus_duration("250ms"), prometheus_duration(0)
    (5400.0, 0.25, 0.0)
    """
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if text == "0":
        return 0.0
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise Refusal(f"must be a duration as Prometheus writes it, such as 30s or 5m {got(value)}")
    parts = zip(match.groups(default="0"), [*SECONDS.values(), 1e-3], strict=True)
    return sum(int(number) * size for number, size in parts)


def prometheus_interval(value: object) -> float:
    """As prometheus_duration, and more than 0."""
    return _positive(prometheus_duration(value), value)


def interval(value: object) -> float:
    """Seconds, more than 0, of a duration in Prometheus's notation or in that of scenarios.

    A monitoring file holds Prometheus's settings next to checks, so both are at home there.

    >>> interval("1m"), interval("1min"), interval("1h30m")
    (60.0, 60.0, 5400.0)
    """
    try:
        return prometheus_interval(value)
    except Refusal:
        return _positive(duration(value), value)


def _positive(seconds: float, value: object) -> float:
    if seconds <= 0:
        raise Refusal(f"must be more than 0 {got(value)}")
    return seconds


PROMETHEUS = "a duration as Prometheus writes it, such as 30s or 5m"
PrometheusDuration = Annotated[float, Quantity(PROMETHEUS, prometheus_duration)]
PrometheusInterval = Annotated[float, Quantity(PROMETHEUS, prometheus_interval)]
Interval = Annotated[float, Quantity("a duration such as 30s, 1m or 1min", interval)]
