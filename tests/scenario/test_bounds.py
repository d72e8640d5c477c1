"""Interval arithmetic over time, against the values themselves."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsim.scenario.expressions import bounds, parse
from mlsim.scenario.refusal import Refusal

DAY = 86400.0


def values_at(t: float, calendar: float) -> dict[str, object]:
    """The functions of the language at one instant, written anew from their description."""

    def weekly(weekend):
        working = 7 / (5 + 2 * weekend)
        return weekend * working if (t + calendar) % (7 * DAY) >= 5 * DAY else working

    def spike(at, rise, fall):
        if t < at + rise:
            return 0.0 if t < at else (t - at) / rise
        return math.exp((at + rise - t) / fall)

    return {
        "ramp": lambda a, b: min(max((t - a) / (b - a), 0.0), 1.0),
        "step": lambda a: float(t >= a),
        "pulse": lambda a, b: float(a <= t < b),
        "every": lambda period, duration: float(t % period < duration),
        "daily": lambda trough, peak: (
            1 + (1 - trough) * math.cos(2 * math.pi * (t + calendar - peak) / DAY)
        ),
        "weekly": weekly,
        "spike": lambda at, rise, fall: (
            (0.0 if t < at else (t - at) / rise)
            if t < at + rise
            else math.exp((at + rise - t) / fall)
        ),
        "growth": lambda by, every: (1 + by) ** (t / every),
        "exp": math.exp,
        "sqrt": math.sqrt,
        "floor": math.floor,
        "clip": lambda x, low, high: min(max(x, low), high),
    }


# Python and the language read these texts alike, but for durations, which Python reads as seconds.
atoms = st.sampled_from(
    [
        "0",
        "1",
        "-2.5",
        "ramp(1d, 3d)",
        "step(2d)",
        "pulse(1d, 2d)",
        "every(1d, 2h)",
        "every(3d, 3d)",
        "daily(0.3, 19h)",
        "weekly(0.4)",
        "weekly(2)",
        "spike(1d, 2d, 5h)",
        "spike(2d, 0, 3d)",
        "growth(0.3, 1d)",
        "growth(-0.2, 7d)",
    ]
)
formulas = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*"), inner),
        st.builds("({} / (1 + {} ** 2))".format, inner, inner),
        st.builds("(-{})".format, inner),
        st.builds("{}({}, {})".format, st.sampled_from(["min", "max"]), inner, inner),
        st.builds("abs({})".format, inner),
        st.builds("floor({})".format, inner),
        st.builds("exp(clip({}, -3, 3))".format, inner),
        st.builds("sqrt(abs({}))".format, inner),
        st.builds("({}) ** {}".format, inner, st.sampled_from("23")),
        st.builds("({} if {} < {} else {})".format, inner, inner, inner, inner),
        st.builds("({} >= {})".format, inner, inner),
        st.builds("({} and not {} > 0 or {} == 1)".format, inner, inner, inner).map(
            "(1 if {} else 0)".format
        ),
    ),
    max_leaves=6,
)


@given(
    formulas,
    st.integers(-5 * 86400, 10 * 86400),
    st.integers(0, 9 * 86400),
    st.floats(0, 1),
    st.sampled_from([0, 1.75 * DAY, 5 * DAY, 6.9 * DAY]),
)
def test_values_lie_within_the_bounds(text, t0, seconds, where, calendar):
    t, t1 = t0 + round(where * seconds), t0 + seconds
    low, high = bounds(parse(text), t0, t1, calendar=calendar)
    in_seconds = text.replace("d,", "*86400,").replace("d)", "*86400)").replace("h)", "*3600)")
    value = eval(in_seconds, values_at(t, calendar))
    assert low - 1e-7 * abs(low) - 1e-9 <= value <= high + 1e-7 * abs(high) + 1e-9


@pytest.mark.parametrize(
    ("text", "t0", "t1", "expected"),
    [
        ("ramp(0d, 10d)", 2, 5, (0.2, 0.5)),
        ("step(3d)", 0, 2, (0, 0)),
        ("step(3d)", 0, 3, (0, 1)),
        ("pulse(1d, 2d)", 1, 1.5, (1, 1)),
        ("pulse(1d, 2d)", 2, 3, (0, 0)),
        ("every(1d, 6h)", 0.3, 0.9, (0, 0)),
        ("every(1d, 6h)", 0.1, 0.2, (1, 1)),
        ("every(1d, 6h)", 0.1, 1.1, (0, 1)),
        ("daily(0.3, 12h)", 0, 1, (0.3, 1.7)),
        ("daily(0.3, 12h)", 0.25, 0.5, (1.0, 1.7)),
        ("weekly(0.5)", 0, 4, (7 / 6, 7 / 6)),
        ("weekly(0.5)", 5, 6, (7 / 12, 7 / 12)),
        ("weekly(0.5)", 4, 5, (7 / 12, 7 / 6)),
        ("2 if step(3d) else 1", 0, 2, (1, 1)),
    ],
)
def test_bounds_are_tight_where_time_stands_alone(text, t0, t1, expected):
    """Loose bounds would make thinning draw many arrivals for nothing."""
    assert bounds(parse(text), t0 * DAY, t1 * DAY) == pytest.approx(expected, abs=2e-9)


def test_names_have_the_bounds_they_are_given():
    assert bounds(parse("2 * a - a"), 0, 1, {"a": (1, 2)}) == (0, 3)


def test_a_function_of_time_with_uncertain_arguments_is_bounded_all_the_same():
    names = {"a": (0.0, 5 * DAY), "b": (0.2, 0.6)}
    assert bounds(parse("ramp(0s * a + a, 9d)"), 0, DAY, names) == (0, 1)
    assert bounds(parse("daily(b, 12h)"), 0, 1, names) == (0.2, 1.8)
    low, high = bounds(parse("weekly(b)"), 0, 1, names)
    assert low <= 0.2 * 7 / 5.4
    assert high >= 7 / 5.4


@pytest.mark.parametrize("text", ["a", "normal(0, 1)", "1 + bernoulli(0.5)"])
def test_what_has_no_bounds_is_refused(text):
    with pytest.raises(Refusal):
        bounds(parse(text), 0, 1)


@pytest.mark.parametrize(
    "text", ["1 / ramp(0d, 1d)", "9**9**9**9", "exp(exp(1000))", "0 ** (-1)", "log(0 * step(1d))"]
)
def test_what_leaves_the_numbers_is_unbounded(text):
    low, high = bounds(parse(text), 0, DAY)
    assert math.isinf(high) or math.isinf(low)
