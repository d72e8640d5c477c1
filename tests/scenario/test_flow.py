"""Chains of the flow."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsim.scenario.flow import Chain, Parallel, parse_flow, step_names
from mlsim.scenario.refusal import Refusal


def test_a_chain_with_branches():
    chain = parse_flow("phone -> gateway -> [cough, symptom -> extra] -> risk -> phone")
    branches = Parallel((("cough",), ("symptom", "extra")))
    assert chain == Chain(("phone", "gateway", branches, "risk", "phone"))


def test_an_aside():
    assert parse_flow("advice ~> telemetry") == Chain(("advice", "telemetry"), aside=True)
    assert parse_flow("a~>b->c") == Chain(("a", "b", "c"), aside=True)


def test_one_component_is_a_chain():
    assert parse_flow("desk") == Chain(("desk",))


def test_branches_in_branches():
    chain = parse_flow("a -> [b -> [c, d] -> e, f] -> g")
    assert list(step_names(chain.steps)) == list("abcdefg")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ends too early"),
        ("a ->", "ends too early"),
        ("a -> [b", "ends too early"),
        ("-> a", "did not expect '->' at character 1"),
        ("a b", "did not expect 'b' at character 3"),
        ("a -> []", "did not expect ']' at character 7"),
        ("a -> b ~> c", "must have ~> only after its first component"),
        ("[a, b] ~> c", "must have ~> only after its first component"),
        ("a -> b.c", "did not expect"),
        ("a -> " + "[" * 30, "at most 20 deep"),
        ("a -> " * 1000 + "a", "at most 4000 characters"),
    ],
)
def test_refused(text, message):
    with pytest.raises(Refusal) as caught:
        parse_flow(text)
    assert message in caught.value.message


names = st.sampled_from(["a", "b_1", "min", "if", "and", "h"])
steps = st.recursive(
    names,
    lambda inner: st.builds(
        Parallel,
        st.lists(st.lists(inner, min_size=1, max_size=2).map(tuple), min_size=1, max_size=3).map(
            tuple
        ),
    ),
    max_leaves=8,
)
chains = st.one_of(
    st.builds(Chain, st.lists(steps, min_size=1, max_size=4).map(tuple)),
    st.builds(
        lambda first, rest: Chain((first, *rest), aside=True),
        names,
        st.lists(steps, min_size=1, max_size=3),
    ),
)


@given(chains)
def test_a_chain_survives_being_written(chain):
    assert parse_flow(str(chain)) == chain


@given(st.text(st.sampled_from("ab[]->~, _1."), max_size=30))
def test_junk_is_a_chain_or_refused(text):
    with suppress(Refusal):
        parse_flow(text)
