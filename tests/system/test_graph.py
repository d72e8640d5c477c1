"""The graph of a system: who passes requests on, and by which ways models learn."""

from pathlib import Path

from mlsim import api
from mlsim.report import style
from mlsim.report.figures.sheets import Down
from mlsim.report.layers import parted
from mlsim.scenario.flow import parse_flow
from mlsim.system.graph import graph_of

SCENARIO = Path(__file__).parents[2] / "scenarios" / "covid_app.yaml"


def test_rows_labels_and_versions_go_beside_the_flow():
    scenario = api.load(SCENARIO).spec
    edges = graph_of(scenario.system, scenario.flow)["edges"]
    ways = {(edge["from"], edge["to"]) for edge in edges if edge["model"] == "risk_model"}
    assert ways == {
        ("telemetry", "nightly_risk"),
        ("pcr_results", "nightly_risk"),
        ("nightly_risk", "rollout"),
        ("rollout", "risk_model"),
    }
    assert all(edge["aside"] for edge in edges if edge["model"])


def test_nobody_waits_for_any_of_those_to_whom_a_choice_sends_aside():
    flow = parse_flow("a ~> (b if x > 1 else b -> c if x > 0 else c)")
    edges = graph_of({}, [flow])["edges"]
    assert {(e["from"], e["to"]): e["aside"] for e in edges} == {
        ("a", "b"): True,
        ("a", "c"): True,
        ("b", "c"): False,
    }


def test_edges_tell_whom_a_choice_sends_along_them():
    flow = parse_flow("a -> (b if x > 1 and y < 2 else d(e) if x > 0 else (h if y > 1)) -> f -> g")
    edges = graph_of({}, [flow])["edges"]
    assert {(e["from"], e["to"]): e["when"] for e in edges if e["when"]} == {
        ("a", "b"): "if x > 1 and y < 2",
        ("a", "d"): "if x > 0",
        ("a", "h"): "else, if y > 1",
        ("a", "f"): "else, else",
    }


def test_where_several_ways_lead_to_the_same_all_are_told_unless_one_is_everybodys():
    one, other = (
        parse_flow("a ~> (b if x > 1 else c -> b if x > 2)"),
        parse_flow("a -> (c if y > 1)"),
    )
    edges = graph_of({}, [one, other, parse_flow("c -> b")])["edges"]
    assert {(e["from"], e["to"]): e["when"] for e in edges} == {
        ("a", "b"): "if x > 1",
        ("a", "c"): "if x > 2 or if y > 1",
        ("c", "b"): None,
    }


SHOP = """
scenario: shop
horizon: 1h
load:
  buyers: {rate: 1/s, enters: app}
system:
  app: {kind: client, timeout: 1s}
  shop: {kind: server, workers: 4, replicas: 2, balancing: round_robin, service_time: 10ms}
  bank: {kind: server, workers: 4, service_time: 10ms}
  scaler: {kind: autoscaler, scales: shop, target: 0.6}
  probes: {kind: orchestrator}
  watch: {kind: orchestrator, watches: [bank]}
  rollout: {kind: rolling_deploy, component: bank, at: 10min}
flow:
  - app -> shop -> bank -> app
"""


def test_who_looks_after_replicas_goes_to_whom_beside_the_flow(tmp_path: Path):
    """An orchestrator that names none looks after all that have replicas."""
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP)
    scenario = api.load(path).spec
    graph = graph_of(scenario.system, scenario.flow)
    beside = {(edge["from"], edge["to"]) for edge in graph["edges"] if edge["aside"]}
    assert beside == {
        ("scaler", "shop"),
        ("probes", "shop"),
        ("probes", "bank"),
        ("watch", "bank"),
        ("rollout", "bank"),
    }
    flow, _ = parted(graph)
    assert [node["name"] for node in flow["nodes"]] == ["app", "shop", "bank"]


def test_on_a_phone_they_stand_above_whom_they_look_after(tmp_path: Path):
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP)
    scenario = api.load(path).spec
    plan = Down(graph_of(scenario.system, scenario.flow), style.NARROW, (1.08, 0.44))
    for who, whom in (("scaler", "shop"), ("probes", "shop"), ("watch", "bank")):
        assert plan.at(who)[1] < plan.at(whom)[1]
        assert tuple(plan.path((who, whom)).vertices[-1][:1]) == plan.at(whom)[:1]
