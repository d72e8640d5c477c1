"""Expressions: against Python's reading, against themselves when written, and what is refused."""

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from mlsim.scenario import expressions as ex
from mlsim.scenario.expressions import parse
from mlsim.scenario.functions import FUNCTIONS, TEXT, TIME
from mlsim.scenario.refusal import Refusal
from mlsim.scenario.tree import substituted

numbers = st.sampled_from(["0", "1", "2.5", ".5", "3.", "1e2", "2E-1"])


def _arithmetic(inner):
    return st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from("+-*"), inner),
        st.builds("{}/{}".format, inner, st.sampled_from(["2", "4.0"])),
        st.builds("({})".format, inner),
        st.builds("-{}".format, inner),
        st.builds("{}**{}".format, numbers, st.sampled_from(["2", "3"])),
        st.builds("-{}**{}".format, numbers, st.sampled_from(["2", "3"])),
        st.builds("max({}, {})".format, inner, inner),
        st.builds("{} if {} < {} else {}".format, inner, numbers, inner, inner).map("({})".format),
    )


arithmetic = st.recursive(numbers, _arithmetic, max_leaves=12)
comparisons = st.builds(
    "{} {} {}".format, arithmetic, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), arithmetic
)
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds("{} and {}".format, inner, inner),
        st.builds("{} or {}".format, inner, inner),
        st.builds("not {}".format, inner),
        st.builds("({})".format, inner),
    ),
    max_leaves=5,
)


@given(arithmetic)
def test_arithmetic_means_what_it_means_in_python(text):
    """The same text, read by Python: precedence, signs and powers agree."""
    assert ex.constant_value(parse(text)) == pytest.approx(eval(text), rel=1e-12, abs=1e-12)


@given(conditions)
def test_conditions_mean_what_they_mean_in_python(text):
    assert ex.constant_value(parse(text)) == float(eval(text))


calls = st.sampled_from(
    [
        "normal(0, 1)",
        "lognormal(mean=2 + age, cv=.5)",
        "min(1, age, x.score, 3)",
        "ramp(7d, 21d)",
        "daily(trough=0.3, peak_at=19h)",
        "every(1d, for=2h)",
        "clip(age, low=0, high=1)",
        "(country == 'de')",
        "2s / 3ms",
    ]
)


@given(st.recursive(st.one_of(numbers, calls), _arithmetic, max_leaves=10))
def test_an_expression_survives_being_written(text):
    tree = parse(text)
    assert parse(str(tree)) == tree
    assert tree.text == text


@given(st.text(st.sampled_from("ab1.(),+-*/<=>'\" sdif"), max_size=25) | st.text(max_size=40))
def test_junk_is_an_expression_or_refused(text):
    with suppress(Refusal):
        parse(text)


@pytest.mark.parametrize(
    "text", ["(" * 3000, "-" * 3000 + "1", "1+" * 1500 + "1", "min(" + "1," * 1500 + "1)"]
)
def test_depth_is_limited(text):
    with pytest.raises(Refusal):
        parse(text)


def test_length_is_limited():
    with pytest.raises(Refusal, match="at most 4000 characters"):
        parse("1" * 4001)


def test_arguments_stand_in_the_order_of_the_catalogue():
    call = parse("lognormal(cv=0.5, mean=50ms)")
    assert isinstance(call, ex.Call)
    assert call.args == (("mean", ex.Number(0.05, dimension=1)), ("cv", ex.Number(0.5)))


def test_random_calls_are_numbered_as_they_are_read():
    text = "normal(uniform(0, 1), 2) if bernoulli(0.5) else exponential(3)"
    functions = [call.function for call in ex.random_calls(parse(text))]
    assert functions == ["normal", "uniform", "bernoulli", "exponential"]


def test_names():
    assert ex.names(parse("a + risk_model.score * a - iffy")) == ("a", "risk_model.score", "iffy")


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("3", 0),
        ("21d", 1),
        ("1.5/s", -1),
        ("1.5/s * daily(0.3, 19h)", -1),
        ("90 / 1h", -1),
        ("6/min", -1),
        ("2s / 3ms", 0),
        ("lognormal(mean=50ms, cv=0.5)", 1),
        ("lognormal(mean=50, cv=0.5)", 0),
        ("max(0, 2s - 50ms)", 1),
        ("2 * name", None),
        ("2s + name", 1),
        ("2s > 50ms", 0),
        ("2s if x else 3s", 1),
        ("0", None),
        ("-5s", 1),
        ("abs(normal(0s, 1s))", 1),
    ],
)
def test_dimension(text, dimension):
    assert ex.dimension(parse(text)) == dimension


@pytest.mark.parametrize(
    "text",
    [
        "2s + 3",
        "2s > 3",
        "2s ** 2",
        "2 ** 1s",
        "2s if x else 3",
        "1 if 2s else 3",
        "not 2s",
        "exp(2s)",
        "ramp(1, 2)",
        "normal(2s, 1)",
        "bernoulli(1s)",
        "1/s - 1s",
        "'a' + 'b'",
        "x < 'a'",
        "'a' == 'a'",
        "normal('a', 1)",
    ],
)
def test_what_does_not_fit_together_is_refused(text):
    with pytest.raises(Refusal):
        parse(text)


def test_names_bring_their_dimension():
    assert ex.dimension(parse("a + b"), {"a": 1, "b": None}) == 1
    with pytest.raises(Refusal, match="mixes a duration with a number"):
        ex.dimension(parse("a + b"), {"a": 1, "b": 0})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.5/s", 1.5),
        ("6/min", 0.1),
        ("90/1h", 0.025),
        ("12/2h * 2", 12 / 3600),
        ("1/d", 1 / 86400),
    ],
)
def test_a_rate_is_per_second(text, value):
    assert ex.constant_value(parse(text)) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lognormal(1)", "lognormal() needs cv: it is lognormal(mean, cv)"),
        ("lognormal(1, 2, 3)", "lognormal() takes fewer arguments: it is lognormal(mean, cv)"),
        ("lognormal(1, mean=2)", "lognormal() is given 'mean' twice"),
        ("lognormal(mean=1, 2, cv=3)", "lognormal() is given 'cv' twice"),
        ("lognormal(cv=1, 2)", "an argument without a name stands before those with one"),
        ("lognormal(mu=1, sigma=2)", "lognormal() has no 'mu': it is lognormal(mean, cv)"),
        ("normal(0, -1)", "sd of normal() must be at least 0 (got -1)"),
        ("exponential(0)", "mean of exponential() must be more than 0 (got 0)"),
        ("daily(1.5, 19h)", "trough of daily() must be from 0 to 1 (got 1.5)"),
        ("uniform(2, 1)", "low of uniform() must not be more than high"),
        ("every(1h, for=2h)", "for of every() must not be more than period"),
        ("3kg", "'3kg' has no unit of time"),
        ("2 * d", "a unit stands after a number or after '/'"),
        ("a.b.c", "did not expect '.'"),
        ("0.1 < x < 0.9", "more than two: write 0.1 < x and x < 0.9"),
        ("a == b >= c != d", "more than two: write a == b and b >= c"),
        ("a < < b", "did not expect '<' at character 5"),
        ("9" * 400, "a number that is too large"),
        ("__import__('os')", "unknown function '__import__'"),
        ("a[0]", "did not expect '['"),
        ("lambda: 0", "did not expect ':'"),
    ],
)
def test_refused(text, message):
    with pytest.raises(Refusal) as caught:
        parse(text)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "meant"),
    [("spike(at=1 day, rise=1min, fall=1h)", "1d"), ("x + 8min1s", "481s"), ("3kg", "")],
)
def test_a_duration_in_other_words_is_told_as_it_is_written_here(text: str, meant: str):
    with pytest.raises(Refusal, match="has no unit of time") as caught:
        parse(text)
    assert caught.value.suggestion == meant


def test_a_unit_may_follow_spaces_and_a_function_may_be_called_min():
    assert ex.constant_value(parse("min (2, 3) / min")) == pytest.approx(2 / 60)


@pytest.mark.parametrize("text", ["x", "normal(0, 1)", "ramp(1d, 2d)", "1 / 0", "x == 'a'"])
def test_what_is_no_constant_has_no_constant_value(text):
    with pytest.raises(Refusal):
        ex.constant_value(parse(text))


def test_substitution_puts_definitions_in_place_of_names():
    rate = substituted(parse("2/s * a if a > b else max(-a, 1)/s"), {"a": parse("ramp(0d, 1d)")})
    assert ex.names(rate) == ("b",)
    expected = "2/s * ramp(0d, 1d) if ramp(0d, 1d) > b else max(-ramp(0d, 1d), 1)/s"
    assert rate == parse(expected)


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        (ex.DurationExpression, ["50ms", "exponential(1s)", 0], ["50", 50, "1/s", True, None, []]),
        (ex.RateExpression, ["2/s", "x/s"], ["2", "2s", "exponential(2/s)", 3]),
        (ex.NumberExpression, ["2", 2, 2.5, "normal(0, 1)"], ["2s", False, "1/s", {}]),
        (ex.Condition, ["a and not b", "a.score > 0.3", "a"], ["2s", "bernoulli(0.5)"]),
        (ex.DriverExpression, ["ramp(0d, 1d)", 1], ["bernoulli(0.5)", "2s"]),
        (ex.AnyExpression, ["2s", "2", "1/s", "normal(0, 1)"], [None, True]),
    ],
)
def test_fields_want_their_dimension(field, good, bad):
    adapter = TypeAdapter(field)
    for value in good:
        assert isinstance(adapter.validate_python(value), ex.Expression)
    for value in bad:
        with pytest.raises(ValidationError):
            adapter.validate_python(value)


def test_every_function_can_be_called_with_what_its_signature_says():
    for function in FUNCTIONS.values():
        arguments = [
            "'1'" if p.dimension == TEXT else "1s" if p.dimension == TIME else "1"
            for p in function.parameters
        ]
        call = parse(f"{function.name}({', '.join(arguments)})")
        assert math.isfinite(ex.dimension(call) or 0)
        assert function.doc
