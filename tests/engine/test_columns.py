"""Columns: whose draws they are, what is missing, and the functions of time."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlsim.engine.columns import DAY, WEEK, Formula, Rows
from mlsim.scenario import expressions as ex

EVERYTHING = (
    "normal(36 + x, 0.4) + lognormal(mean = 2 + x * x, cv = 0.7) * bernoulli(0.3)"
    " + exponential(3) * uniform(0, x * x) + weibull(1, 2) + pareto(1, 3)"
    " + (exp(-x) if x > 0 and daily(trough=0.3, peak_at=19h) > 1 else weekly(weekend=0.5))"
)


def formula(text: str, seed: int = 1, calendar: float = 0.0) -> Formula:
    return Formula(ex.parse(text), seed, "doc", calendar)


def over(text: str, time: np.ndarray, calendar: float = 0.0) -> np.ndarray:
    return formula(text, calendar=calendar)(Rows(np.arange(time.size), time, {}))


def with_x(text: str, *x: float) -> list[float]:
    rows = Rows(np.arange(len(x)), np.zeros(len(x)), {"x": np.array(x)})
    return formula(text)(rows).tolist()


@given(st.permutations(range(40)), st.sets(st.integers(1, 39), max_size=6))
@settings(max_examples=40, deadline=None)
def test_a_value_depends_on_nothing_but_its_own_row(order: list[int], cuts: set[int]):
    """In any order and in any blocks, the same bits."""
    ids, time = np.arange(40) * 977, np.linspace(0.0, WEEK, 40)
    x, attempts = np.linspace(-2.0, 2.0, 40), np.arange(40) % 3
    compute = formula(EVERYTHING)
    whole = compute(Rows(ids, time, {"x": x}, attempts))
    for part in np.split(np.array(order), sorted(cuts)):
        values = compute(Rows(ids[part], time[part], {"x": x[part]}, attempts[part]))
        assert values.tobytes() == whole[part].tobytes()


def test_each_call_draws_from_a_stream_of_its_own():
    rows = Rows(np.arange(2000), np.zeros(2000), {})
    difference = formula("uniform(0, 1) - uniform(0, 1)")(rows)
    assert np.abs(stats.pearsonr(*np.split(difference, 2)).statistic) < 4 / math.sqrt(1000)
    assert difference.std() == pytest.approx(math.sqrt(1 / 6), rel=0.05)


def test_another_seed_and_another_attempt_draw_anew():
    ids = np.arange(50)
    draw = formula("normal(0, 1)")(Rows(ids, ids * 0.0, {}))
    for other in (
        formula("normal(0, 1)", seed=2)(Rows(ids, ids * 0.0, {})),
        formula("normal(0, 1)")(Rows(ids, ids * 0.0, {}, attempts=1)),
    ):
        assert not np.any(draw == other)


@pytest.mark.parametrize(
    ("text", "law"),
    [
        ("normal(3, 2)", stats.norm(3, 2)),
        ("exponential(2)", stats.expon(scale=2)),
        ("uniform(1, 4)", stats.uniform(1, 3)),
        ("weibull(2, 3)", stats.weibull_min(3, scale=2)),
        ("pareto(2, 3)", stats.pareto(3, scale=2)),
        (
            "lognormal(mean=2, cv=0.5)",
            stats.lognorm(
                math.sqrt(math.log(1.25)), scale=math.exp(math.log(2) - math.log(1.25) / 2)
            ),
        ),
    ],
)
def test_draws_follow_their_law(text: str, law: stats.rv_continuous):
    values = formula(text)(Rows(np.arange(20_000), np.zeros(20_000), {}))
    assert stats.kstest(values, law.cdf).pvalue > 1e-3


def test_a_parameter_may_differ_by_row():
    ids = np.arange(40_000)
    p = np.where(ids % 2, 0.9, 0.1)
    drawn = formula("bernoulli(p)")(Rows(ids, ids * 0.0, {"p": p}))
    for share, rows in ((0.9, ids % 2 == 1), (0.1, ids % 2 == 0)):
        assert drawn[rows].mean() == pytest.approx(share, abs=4 * math.sqrt(0.09 / 20_000))


def test_what_is_missing_is_not_true():
    """A comparison with a missing value doesn't hold, and neither does the value itself."""
    assert with_x("x > 0.3", math.nan, 1.0) == [False, True]
    assert math.isnan(with_x("x + 1", math.nan)[0])
    assert with_x("x and x > 0", math.nan, 1.0, 0.0) == [False, True, False]
    assert with_x("not x", math.nan, 1.0) == [True, False]
    assert with_x("1 if x else 2", math.nan, 1.0, 0.0) == [2, 1, 2]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("(x > 0) + (x > 1) + (x > 2)", [0, 1, 2, 3]),
        ("(x > 1) - (x > 0)", [0, -1, 0, 0]),
        ("-(x > 1)", [0, 0, -1, -1]),
        ("(x > 0) * (x > 1)", [0, 0, 1, 1]),
        ("(x > 0) / 2 ** (x > 1)", [0, 1, 0.5, 0.5]),
    ],
)
def test_what_is_true_is_1_and_what_is_false_is_0(text: str, values: list[float]):
    assert with_x(text, 0, 1, 2, 3) == values


def test_arithmetic_binds_as_in_mathematics():
    assert with_x("-x ** 2 + 6 / 3 * x", 3.0) == [-3.0]
    assert with_x("clip(x, 0, 1) + min(x, 2) + max(x, -1, 4) + abs(x)", -3.0) == [0 - 3 + 4 + 3]
    assert with_x("floor(x) + sqrt(4) + log(exp(1)) + constant(2)", 2.5) == pytest.approx([7.0])


def test_ramp_step_pulse_and_every_equal_their_closed_forms():
    t = np.array([-1.0, 0.0, 5.0, 10.0, 14.9, 15.0, 20.0, 35.0]) * 3600
    np.testing.assert_allclose(over("ramp(0h, 20h)", t), np.clip(t / 72000, 0, 1))
    np.testing.assert_array_equal(over("step(10h)", t), [0, 0, 0, 1, 1, 1, 1, 1])
    np.testing.assert_array_equal(over("pulse(5h, 15h)", t), [0, 0, 1, 1, 1, 0, 0, 0])
    np.testing.assert_array_equal(over("every(10h, 5h)", t), [0, 1, 0, 1, 1, 0, 1, 0])


def test_a_ramp_without_width_is_a_step():
    np.testing.assert_array_equal(over("ramp(5s, 5s)", np.array([4.9, 5.0, 5.1])), [0, 0, 1])


@pytest.mark.parametrize("calendar", [0.0, 1.75 * DAY])
def test_daily_has_mean_1_its_trough_and_its_peak_at_the_hour_named(calendar: float):
    t = np.arange(0.0, DAY, 60.0)
    values = over("daily(trough=0.3, peak_at=19h)", t, calendar)
    assert values.mean() == pytest.approx(1.0, abs=1e-12)
    assert values.min() == pytest.approx(0.3)
    hour = (t[np.argmax(values)] + calendar) % DAY / 3600
    assert hour == pytest.approx(19.0)


@pytest.mark.parametrize("calendar", [0.0, 2.5 * DAY])
def test_weekly_has_mean_1_and_a_weekend(calendar: float):
    t = np.arange(0.0, WEEK, 600.0)
    values = over("weekly(weekend=0.5)", t, calendar)
    weekend = (t + calendar) % WEEK >= 5 * DAY
    assert values.mean() == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(values[weekend], 0.5 * values[~weekend][0])


def test_a_spike_rises_in_a_line_and_falls_by_e():
    time = np.array([0.0, 100.0, 105.0, 110.0, 130.0, 150.0])
    expected = [0.0, 0.0, 0.5, 1.0, math.exp(-1), math.exp(-2)]
    assert over("spike(at=100s, rise=10s, fall=20s)", time) == pytest.approx(expected)
    at_once = over("spike(at=110s, rise=0s, fall=20s)", time)
    assert at_once == pytest.approx([0, 0, 0, *expected[3:]])


def test_growth_compounds():
    weeks = over("growth(by=0.05, every=7d)", WEEK * np.array([-1.0, 0.0, 1.0, 52.0]))
    assert weeks == pytest.approx([1 / 1.05, 1.0, 1.05, 1.05**52])
    assert over("growth(by=-0.5, every=1d)", np.array([2 * DAY])) == pytest.approx([0.25])
