"""Loads: as many requests as the rate says, at the hours of the scenario's own calendar."""

import math

import numpy as np
import pytest

from mlsim.scenario.spec import Scenario
from mlsim.world.load import arrivals_of
from tests.worlds import COUNTER, DAY, loaded


def times(scenario: Scenario, start: float, end: float) -> np.ndarray:
    return arrivals_of(scenario, "jobs", 0, scenario.seed).between(start, end)[0]


def test_counts_follow_a_rate_with_a_driver():
    """Half as many once the driver has doubled the divisor; four standard errors of a Poisson."""
    scenario = loaded(
        COUNTER.replace("load:", "world:\n  drivers: {slow: 1 + step(6h)}\nload:"),
        load__jobs__rate="2.4/s / slow",
    )
    for start, end, rate in ((0.0, 0.25, 2.4), (0.25, 1.0, 1.2)):
        expected = rate * (end - start) * DAY
        count = times(scenario, start * DAY, end * DAY).size
        assert abs(count - expected) < 4 * math.sqrt(expected)


@pytest.mark.parametrize(
    ("start", "monday"), [("2020-11-02T00:00:00Z", 0), ("2020-11-05T06:00:00Z", 3.25)]
)
def test_a_weekend_is_where_the_calendar_has_it(start: str, monday: float):
    scenario = loaded(COUNTER, start=start, load__jobs__rate="0.1/s * weekly(weekend=0)")
    weekday = (times(scenario, 0.0, 21 * DAY) / DAY + monday) % 7
    assert weekday.size > 1000
    assert weekday.max() < 5


def test_peak_hour():
    scenario = loaded(COUNTER, load__jobs__rate="1/s * daily(trough=0, peak_at=19h)")
    angle = 2 * np.pi * times(scenario, 0.0, 2 * DAY) / DAY
    mean_hour = math.atan2(np.sin(angle).mean(), np.cos(angle).mean()) / (2 * math.pi) * 24 % 24
    assert mean_hour == pytest.approx(19.0, abs=0.1)
