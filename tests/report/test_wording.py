"""Numbers as people say them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsim.report import wording

UNITS = {"d": 86_400, "h": 3_600, "min": 60, "s": 1, "ms": 1e-3}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.00058, "0.58 ms"),
        (45, "45 s"),
        (59.7, "1 min"),
        (200, "3 min 20 s"),
        (86_399.9, "1 d"),
        (28 * 86_400, "28 d"),
        (9 * 86_400 + 4 * 3_600 + 59, "9 d 4 h"),
    ],
)
def test_duration(seconds: float, said: str):
    assert wording.duration(seconds) == said


@given(st.floats(0.001, 1e8))
def test_duration_says_what_it_was_given(seconds: float):
    """Read back, it is off by at most one part in 40: half of the smaller of its two units."""
    words = wording.duration(seconds).split()
    read = sum(float(n) * UNITS[unit] for n, unit in zip(words[::2], words[1::2], strict=True))
    assert read == pytest.approx(seconds, rel=1 / 40)


@given(st.integers(-(10**9), 10**9))
def test_number_keeps_whole_numbers_whole(value: int):
    assert int(wording.number(value).replace(",", "")) == value


def test_nothing_has_no_sign():
    assert wording.number(-0.0) == wording.signed(-0.0) == "0"


def test_moment_reads_other_time_zones_as_utc():
    assert wording.moment(0, "2020-11-02T01:30:00+02:00") == "1 Nov 2020, 23:30 UTC (day 0)"


def test_start_without_zone_is_utc():
    assert wording.moment(60, "2020-11-02T00:00:00") == "2 Nov 2020, 00:01 UTC (day 0)"
