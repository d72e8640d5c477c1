"""Chains of the flow."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsim.scenario.expressions import parse
from mlsim.scenario.flow import parse_flow
from mlsim.scenario.flow_steps import Call, Chain, Choice, Parallel, Step, step_names
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


def test_a_choice_of_several_branches():
    chain = parse_flow("a -> (b if x > 2 else c -> d if min(x, y) > 1s else e) -> f")
    choice = chain.steps[1]
    assert isinstance(choice, Choice)
    assert choice.branches == (("b",), ("c", "d"), ("e",))
    assert choice.conditions == (parse("x > 2"), parse("min(x, y) > 1s"))


def test_a_choice_without_an_else_may_do_nothing():
    (choice,) = parse_flow("(b if score.x)").steps
    assert isinstance(choice, Choice)
    assert choice.branches == (("b",), ())


def test_joins_that_wait_for_some():
    first, two, every = parse_flow(
        "any of [a, b] -> 2 of [a, b, c] cancel rest -> 2 of [a, b]"
    ).steps
    assert first == Parallel((("a",), ("b",)), need=1)
    assert two == Parallel((("a",), ("b",), ("c",)), need=2, cancels=True)
    assert every == Parallel((("a",), ("b",)))


def test_a_call_of_others():
    assert parse_flow("gate(a -> b) -> c").steps == (Call("gate", ("a", "b")), "c")


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


names = st.sampled_from(["a", "b_1", "min", "if", "and", "h", "any", "of", "cancel"])
conditions = st.sampled_from(["x > 1", "not y", "min(x, 2) < m.score or z", "bernoulli(0.5)"])


def compound(inner: st.SearchStrategy[Step]) -> st.SearchStrategy[Step]:
    paths = st.lists(inner, min_size=1, max_size=2).map(tuple)
    branches = st.lists(paths, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Parallel, branches),
        st.builds(Parallel, st.tuples(paths, paths), st.just(1), st.booleans()),
        st.builds(Call, names, paths),
        st.builds(
            lambda arm, otherwise, condition: Choice((arm, otherwise), (parse(condition),)),
            paths,
            st.one_of(paths, st.just(())),
            conditions,
        ),
    )


steps = st.recursive(names, compound, max_leaves=8)
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


@given(st.text(st.sampled_from("ab[]()->~, _1.if"), max_size=30))
def test_junk_is_a_chain_or_refused(text):
    with suppress(Refusal):
        parse_flow(text)
