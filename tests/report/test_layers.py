"""The layered layout, and the graph in characters."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mlsim.report.graph_text import draw
from mlsim.report.layers import Layout, layout, parted
from tests.report.runs import covid_graph


def graph(*edges: tuple[str, str], aside: tuple[tuple[str, str], ...] = ()) -> dict[str, Any]:
    names = dict.fromkeys(name for edge in edges for name in edge)
    return {
        "nodes": [{"name": name, "kind": "server"} for name in names],
        "edges": [{"from": a, "to": b, "aside": (a, b) in aside} for a, b in edges],
    }


def crossings(plan: Layout) -> int:
    """Counted afresh, from the places alone."""
    steps = [
        (a.layer, a.across, b.across) for route in plan.routes.values() for a, b in pairwise(route)
    ]
    return sum(
        layer == other and (a - c) * (b - d) < 0
        for i, (layer, a, b) in enumerate(steps)
        for other, c, d in steps[:i]
    )


def test_covid_app_flows_down_and_returns():
    plan = layout(parted(covid_graph())[0])
    layers = {name: place.layer for name, place in plan.places.items()}
    assert layers["phone"] == 0
    assert layers["cough_model"] == layers["symptom_model"] == 3
    assert layers["telemetry"] == 6
    assert plan.back == (("advice", "phone"),)


def test_sweeps_undo_a_crossing():
    """a-d and b-c cross as they are written; swapping c and d parts them."""
    assert crossings(layout(graph(("a", "d"), ("b", "c"), ("a", "d")))) == 0


def test_edge_over_several_layers_bends_between_them():
    plan = layout(graph(("a", "b"), ("b", "c"), ("a", "c")))
    assert [place.layer for place in plan.routes["a", "c"]] == [0, 1, 2]
    assert plan.routes["a", "c"][1] != plan.places["b"]


NODES = st.sampled_from("abcdefgh")


@given(st.lists(st.tuples(NODES, NODES), max_size=16))
def test_any_graph_is_laid_out(edges: list[tuple[str, str]]):
    """Each edge is routed downwards or goes back, and no two things share a place."""
    plan = layout(graph(*edges))
    assert set(plan.routes) | set(plan.back) == set(edges)
    assert not set(plan.routes) & set(plan.back)
    for (source, target), route in plan.routes.items():
        assert (route[0], route[-1]) == (plan.places[source], plan.places[target])
        assert [p.layer - route[0].layer for p in route] == list(range(len(route)))
    bends = [place for route in plan.routes.values() for place in route[1:-1]]
    taken = [*plan.places.values(), *bends]
    assert len(set(taken)) == len(taken)


@given(st.lists(st.tuples(NODES, NODES), min_size=1, max_size=16))
def test_any_graph_can_be_drawn_in_characters(edges: list[tuple[str, str]]):
    text = draw(graph(*edges), ascii_only=True)
    assert text.isascii()
    for name in {name for edge in edges for name in edge}:
        assert text.count(f"{name} (server)") == 1


def test_fork_and_join_in_characters():
    edges = ("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("d", "e")
    text = draw(graph(*edges, aside=(("d", "e"),)), {"c": ["crash"]})
    assert text.splitlines() == [
        "           a (server)",
        "     ┌──────────┴──────────┐",
        "     │                     │",
        "     ▼                     ▼",
        "b (server)        c (server) !! crash",
        "     └──────────┐          │",
        "                ├──────────┘",
        "                │",
        "                ▼",
        "           d (server)",
        "                ╎",
        "                ▼",
        "           e (server)",
    ]


def test_reply_choices_and_training_are_told_in_words():
    assert draw(covid_graph()).splitlines()[-6:] == [
        "advice returns to phone",
        "features to cough_model if coughs > 3 and not smoker",
        "features to symptom_model else",
        "beside the flow: pcr_results (feedback), to nightly",
        "beside the flow: nightly (trainer), from telemetry and pcr_results, to rollout",
        "beside the flow: rollout (deployer), from nightly, to risk_model",
    ]


def test_nodes_that_no_request_meets_stand_beside_the_flow():
    """They would otherwise fill the first layer, where the clients are."""
    system = graph(("phone", "desk"))
    system["nodes"].append({"name": "nightly", "kind": "trainer"})
    flow, beside = parted(system)
    assert [node["name"] for node in flow["nodes"]] == ["phone", "desk"]
    assert [node["name"] for node in beside["nodes"]] == ["nightly"]
    assert draw(system).endswith("\nbeside the flow: nightly (trainer)")


def test_single_server_is_the_flow():
    assert draw({"nodes": [{"name": "desk", "kind": "server"}], "edges": []}) == "desk (server)"
