"""Whatever stands in a rule file, the answer is a tree or a PromqlError."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsim.monitoring.promql import PromqlError, evaluate, parse
from tests.monitoring import made_up

WORDS = """a b{x="1"} [5m] ( ) + - rate sum by (x) offset 1h @ 10 bool == and on group_left "s" ,
{ } =~ 0.5 histogram_quantile vector time() é \\ [5m:] Inf le without ignoring 5m ^ unless"""


@given(st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=9).map(" ".join))
def test_no_order_of_words_raises_anything_else(text):
    _parse_or_refuse(text)


@given(st.text(max_size=30))
def test_no_text_raises_anything_else(text):
    _parse_or_refuse(text)


def _parse_or_refuse(text):
    with suppress(PromqlError):
        parse(text)


@pytest.mark.parametrize("size", [101, 1000, 10**6])
@pytest.mark.parametrize("pattern", ["{n(}a{n)}", "a{n+a}", "{n-}a", "{nabs(}a{n)}"])
def test_deep_expressions_are_refused(pattern, size):
    text = pattern
    for piece in ("(", ")", "+a", "-", "abs("):
        text = text.replace("{n" + piece + "}", piece * size)
    with pytest.raises(PromqlError, match=r"nested more than|longer than"):
        parse(text)


def test_expressions_of_the_greatest_depth_have_a_value():
    store = made_up.store(1)
    deep = evaluate("(" * 99 + "workers" + ")" * 99, store, [60])
    assert deep.labels == evaluate("workers", store, [60]).labels


def test_a_panic_of_the_parser_is_a_refusal():
    with pytest.raises(PromqlError, match="is not PromQL"):
        parse("a offset NaN")
