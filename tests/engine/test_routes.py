"""Flow chains become programs of hops, or are refused with the names in question."""

import pytest

from mlsim.engine.routes import RouteError, compile_routes
from mlsim.scenario.flow import parse_flow

KINDS = ("send", "visit", "fork", "join", "reply", "leave", "sink")


def program(*flow: str, enters: str = "", clients: tuple[str, ...] = ("phone",)):
    chains = [parse_flow(line) for line in flow]
    entry = enters or str(chains[0].steps[0])
    return compile_routes(chains, list("abcd"), clients, {0: entry})


def path(*flow: str, **more: object) -> list[str]:
    """The kinds and names along `next`, from the entry."""
    compiled = program(*flow, **more)
    names = (*"abcd", "phone")
    hop, out = compiled.entries[0][1], []
    while hop >= 0:
        at = compiled.hops[hop]
        kind = KINDS[at["kind"]]
        out.append(names[at["station"]] if kind == "visit" else kind)
        hop = at["next"]
    return out


def test_from_a_client_and_back():
    assert path("phone -> a -> b -> phone") == ["send", "a", "b", "reply"]


def test_without_a_client_a_request_leaves():
    assert path("a") == ["a", "leave"]
    assert path("a -> b") == ["a", "b", "leave"]


def test_a_chain_goes_on_where_another_begins():
    assert path("phone -> a", "a -> b -> c", "c -> d -> phone") == [
        *("send", "a", "b", "c", "d", "reply")
    ]


def test_a_load_may_enter_in_the_middle():
    flow = ("phone -> a", "a -> b -> phone")
    assert path(*flow, enters="a") == ["a", "b", "leave"]


def test_a_fork_points_at_its_branches_and_joins_them():
    compiled = program("a -> [b, c -> a] -> d")
    kinds = [KINDS[k] for k in compiled.hops["kind"]]
    fork, join = kinds.index("fork"), kinds.index("join")
    first, count = compiled.hops[fork]["first"], compiled.hops[fork]["count"]
    heads = compiled.targets[first : first + count]
    assert compiled.hops["station"][heads].tolist() == [1, 2]
    assert compiled.hops[join]["need"] == 2
    assert compiled.hops["ordinal"][compiled.hops["station"] == 0].tolist() == [0, 1]


def test_an_aside_hangs_on_the_visit_and_ends_in_its_sink():
    compiled = program("phone -> a -> phone", "a ~> b -> c")
    kinds = [KINDS[k] for k in compiled.hops["kind"]]
    assert compiled.hops["count"][kinds.index("visit")] == 1
    assert compiled.hops["station"][kinds.index("sink")] == 2


def test_an_aside_leaves_the_ordinals_of_the_path_alone():
    """Else an aside more would change the luck of the visits behind it."""
    for flow in (["a -> b -> c"], ["a -> b -> c", "a ~> c"]):
        compiled = program(*flow)
        hop = compiled.entries[0][1]
        hops = compiled.hops
        third = hops[hops[hop]["next"]]["next"]
        assert (hops[third]["station"], hops[third]["ordinal"]) == (2, 0)


@pytest.mark.parametrize(
    ("flow", "message"),
    [
        (["a -> b", "b -> c -> a"], "goes round without a client's reply: a -> b -> a"),
        (["a -> b -> a"], "goes round without a client's reply: a -> a"),
        (["a -> b", "a ~> c", "c ~> a"], "asides go round"),
        (["a -> b", "a -> c"], "two chains of the flow begin at 'a'"),
        (["phone -> a"], "from 'phone' has to end at 'phone'"),
        (["phone -> phone"], "visits no component"),
        (["phone -> a -> phone -> b -> phone"], "'phone' stands in the middle"),
        (["phone -> a -> tablet"], "a reply goes to 'tablet', but 'phone' sent"),
        (["a -> nowhere"], "names 'nowhere', which is no component"),
        (["a -> b", "b ~> phone"], "has to end at one component"),
        (["a -> b", "b ~> [c, d]"], "has to end at one component"),
    ],
)
def test_refuses_what_no_request_can_follow(flow, message):
    with pytest.raises(RouteError, match=message):
        program(*flow, clients=("phone", "tablet"))


def test_refuses_a_load_that_enters_where_no_chain_begins():
    with pytest.raises(RouteError, match="enters at 'b', but no chain of the flow begins there"):
        program("a -> b", enters="b")
