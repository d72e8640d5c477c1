"""Loads: as many requests as the rate says, at the hours of the scenario's own calendar."""

import math

import numpy as np
import pytest

from mlsim.scenario.spec import Scenario
from mlsim.world.load import arrivals_of
from mlsim.world.people import World as People
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


def dispersion(low: float, high: float, lasting: float, apart: float, window: float) -> float:
    """Index of dispersion of the counts of a two-state MMPP (Heffes and Lucantoni, 1986)."""
    ends, begins = 1 / lasting, 1 / apart
    both = ends + begins
    mean = (low * ends + high * begins) / both
    excess = 2 * (high - low) ** 2 * ends * begins / (both**3 * mean)
    return 1 + excess * (1 - (1 - math.exp(-both * window)) / (both * window))


@pytest.mark.parametrize("window", [5.0, 60.0, 600.0])
def test_counts_under_bursts_have_the_dispersion_of_an_mmpp(window: float):
    """Ratio of variance to mean; its standard error from twenty parts of the run."""
    scenario = loaded(
        COUNTER, horizon="60d", load__jobs__rate="0.5/s + 2/s * bursts(lasting=20s, apart=60s)"
    )
    counts, _ = np.histogram(times(scenario, 0.0, 60 * DAY), bins=np.arange(0, 60 * DAY, window))
    parts = [part.var(ddof=1) / part.mean() for part in np.array_split(counts, 20)]
    error = np.std(parts, ddof=1) / math.sqrt(len(parts))
    assert counts.mean() / window == pytest.approx(1.0, rel=0.02)
    assert abs(np.mean(parts) - dispersion(0.5, 2.5, 20.0, 60.0, window)) < 4 * error


def test_bursts_of_a_driver_are_the_same_for_the_rate_and_for_the_world():
    """No request comes while the campaign, which the rate follows, is off."""
    world = loaded(
        COUNTER.replace(
            "load:",
            "world:\n"
            "  drivers: {campaign: 'bursts(lasting=10min, apart=1h)'}\n"
            "  job: {seen: campaign}\nload:",
        ),
        load__jobs__rate="2/s * campaign",
    )
    arrival, ids = arrivals_of(world, "jobs", 0, 1).between(0.0, DAY)
    seen = People(world, 1).truth("jobs", world.load["jobs"], ids, arrival)["seen"]
    assert seen.size > 5_000
    assert seen.min() == 1


def test_more_load_keeps_the_bursts_and_the_people_of_less_load():
    quiet, busy = (
        loaded(COUNTER, load__jobs__rate=f"{rate}/s * (1 + 9 * bursts(lasting=60s, apart=10min))")
        for rate in (0.2, 0.3)
    )
    few, many = (arrivals_of(s, "jobs", 0, 1).between(0.0, DAY)[1] for s in (quiet, busy))
    assert few.size < many.size
    assert np.isin(few, many).all()
