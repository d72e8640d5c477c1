"""Quantities with units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsim.scenario import units
from mlsim.scenario.refusal import Refusal


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("50ms", 0.05),
        ("2s", 2),
        ("5min", 300),
        ("1.5h", 5400),
        ("14d", 14 * 86400),
        ("2w", 14 * 86400),
        ("3us", 3e-6),
        ("1e3 s", 1000),
        (0, 0),
    ],
)
def test_duration(text, seconds):
    assert units.duration(text) == pytest.approx(seconds, rel=1e-15)


@pytest.mark.parametrize(
    ("value", "suggestion"),
    [
        ("5 kg", ""),
        (5, ""),
        (True, ""),
        (None, ""),
        ("ms", ""),
        ("5 minutes", "5min"),
        ("2days", "2d"),
        ("10m", "10min"),
        ("8min1s", "481s"),
        ("1 day 2 hours", "26h"),
        ("1h 5 kg", ""),
        ("1e5s" * 60 + "!", ""),  # or it would be read in 2^60 ways
        ("1e999s", ""),
        ("-2s", ""),
        ("", ""),
    ],
)
def test_what_is_no_duration_is_refused(value, suggestion):
    with pytest.raises(Refusal, match="must be a duration") as caught:
        units.duration(value)
    assert caught.value.suggestion == suggestion


@given(st.floats(0, 1e9, allow_subnormal=False))
def test_a_duration_survives_being_written(seconds):
    assert units.duration(units.duration_text(seconds)) == seconds


@pytest.mark.parametrize("value", ["1.01", "-1%", 1.5, True, "half", float("nan"), None])
def test_what_is_no_probability_is_refused(value):
    with pytest.raises(Refusal, match="from 0 to 1"):
        units.probability(value)


def test_probabilities():
    assert [units.probability(p) for p in (0, 1, 0.25, "25%", "0.5 %")] == [0, 1, 0.25, 0.25, 0.005]


def test_money():
    assert units.money("400 EUR") == units.Money(400, "EUR")
    assert units.money("7.2 USD/h") == units.Money(0.002, "USD", per_second=True)
    for value in (400, "400", "EUR", "400 eur", "4 EUR/kg", "nan EUR"):
        with pytest.raises(Refusal, match="must be an amount of money"):
            units.money(value)


@pytest.mark.parametrize("value", ["a.b", "1a", "", "a b", "ä", "x" * 65, 3, None])
def test_what_is_no_name_is_refused(value):
    with pytest.raises(Refusal, match="must be a name"):
        units.name(value)


@pytest.mark.parametrize("value", ["s", "min", "and", "if"])
def test_a_word_of_the_expressions_can_name_a_component_but_no_column(value):
    assert units.name(value) == value
    with pytest.raises(Refusal, match="word of the expression language"):
        units.column_name(value)


@pytest.mark.parametrize(
    "value", ["/etc/passwd", "../a.yml", "a/../../b", "a\\b", "C:/a.yml", "", 3]
)
def test_a_path_that_leaves_the_folder_is_refused(value):
    with pytest.raises(Refusal, match="must be"):
        units.path_inside(value)


@pytest.mark.parametrize(
    ("value", "from_", "to", "expected"),
    [
        (37.0, "celsius", "fahrenheit", 98.6),
        (-40.0, "fahrenheit", "celsius", -40.0),
        (0.0, "kelvin", "celsius", -273.15),
        (1.0, "mile", "km", 1.609344),
        (1.0, "ft", "inch", 12.0),
        (70.0, "kg", "g", 70000.0),
        (90.0, "min", "h", 1.5),
        (36.0, "km_per_h", "m_per_s", 10.0),
    ],
)
def test_convert(value, from_, to, expected):
    assert units.convert(value, from_, to) == pytest.approx(expected, rel=1e-11)


def test_affine_keeps_the_published_factors():
    """9/5 and 32, and not what is left of them after some divisions."""
    assert units.affine("celsius", "fahrenheit") == (1.8, 32.0)


def test_converting_there_and_back_is_the_identity():
    names = [name for name in units._COLUMN_UNITS if units.dimension_of(name) != "temperature"]
    for one in names:
        for other in names:
            if units.dimension_of(one) == units.dimension_of(other):
                there = units.convert(3.7, one, other)
                assert units.convert(there, other, one) == pytest.approx(3.7, rel=1e-11)


def test_another_dimension_is_refused():
    with pytest.raises(Refusal, match=r"must be a temperature \(got 'kg'\)"):
        units.affine("celsius", "kg")
    with pytest.raises(Refusal, match="must be a unit") as caught:
        units.affine("celsius", "farenheit")
    assert caught.value.suggestion == "fahrenheit"
