"""A fault's way through the graph: which components, which edges, and the sentence about it."""

from pathlib import Path

from mlsim.report import style
from mlsim.report.blast import origins, spread, told
from mlsim.report.figures.graph import overlay
from tests.report import runs

REQUESTS = 3_628_800


def fault(tmp_path: Path, broken: runs.Broken) -> dict:
    return runs.summary(tmp_path, broken)["faults"][0]


def test_relays_pass_on_what_they_do_not_count(tmp_path: Path):
    """The gateway adds nothing to a row, but what the phone has spoilt goes through it."""
    found = spread(runs.covid_graph(), fault(tmp_path, runs.UNIT_CHANGE), REQUESTS)
    assert {("phone", "gateway"), ("gateway", "features")} <= found.edges
    assert "gateway" not in found.shares
    assert round(found.shares["phone"], 3) == 0.15


def test_a_model_that_does_not_read_the_spoilt_column_is_left_out(tmp_path: Path):
    found = spread(runs.covid_graph(), fault(tmp_path, runs.UNIT_CHANGE), REQUESTS)
    assert not [edge for edge in found.edges if "cough_model" in edge]


def test_training_carries_it_on_but_the_labels_do_not(tmp_path: Path):
    found = spread(runs.covid_graph(), fault(tmp_path, runs.UNIT_CHANGE), REQUESTS)
    chain = ("telemetry", "nightly"), ("nightly", "rollout"), ("rollout", "risk_model")
    assert found.edges.issuperset(chain)
    assert ("pcr_results", "nightly") not in found.edges
    assert found.versions == {"nightly": 5}


def test_a_held_back_version_comes_from_where_the_fault_sits(tmp_path: Path):
    """A lost push touches what the model does, though nothing was ever fitted on spoilt rows."""
    lost = fault(tmp_path, runs.UNIT_CHANGE) | {"components": ["rollout"]}
    rows = [row for row in lost["radius"]["components"] if row["name"] == "risk_model"]
    lost["radius"] = lost["radius"] | {"components": rows, "models": []}
    found = spread(runs.covid_graph(), lost, REQUESTS)
    assert ("rollout", "risk_model") in found.edges
    assert ("nightly", "rollout") not in found.edges


def test_spoilt_training_is_told_with_its_versions(tmp_path: Path):
    assert told(fault(tmp_path, runs.UNIT_CHANGE), REQUESTS) == (
        "Touched 2.18 million rows of 398,867 people on 19 days, 60% of all requests. Bad training "
        "data outlive the fault: 1.6 million of these rows were scored after the repair, by model "
        "versions that were fitted on touched rows (5 of symptom_model and 5 of risk_model)."
    )


def test_a_fault_of_movement_touches_no_row(tmp_path: Path):
    assert told(fault(tmp_path, runs.STALE_MODEL), REQUESTS).startswith("No row's content")


def test_older_runs_name_one_component_or_none(tmp_path: Path):
    newer = fault(tmp_path, runs.UNIT_CHANGE)
    older = {key: value for key, value in newer.items() if key != "components"}
    assert origins(older | {"component": "phone"}) == origins(newer) == ["phone"]
    assert origins(older | {"component": None}) == []


def test_a_fault_of_several_components_frames_each(tmp_path: Path):
    outage = fault(tmp_path, runs.STALE_MODEL) | {"components": ["gateway", "features"]}
    drawn = overlay(runs.covid_graph(), outage, REQUESTS, style.of_fault(0))
    assert drawn.origins == {"gateway", "features"}
    assert set(drawn.notes) == {"gateway", "features"}
