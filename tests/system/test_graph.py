"""The graph of a system: who passes requests on, and by which ways models learn."""

from pathlib import Path

from mlsim import api
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
