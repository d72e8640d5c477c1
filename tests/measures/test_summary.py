"""What the summary says of faults."""

import json

from mlsim.measures.summary import summary
from mlsim.studies.worlds import run_worlds
from tests.worlds import CLINIC, loaded


def test_a_fault_after_the_horizon_is_there_and_did_nothing():
    """Or a short run would say that the scenario has no faults."""
    findings = run_worlds(loaded(CLINIC, horizon="6h"), None, seed=3)
    [fault] = json.loads(json.dumps(summary(findings)))["faults"]
    assert (fault["name"], fault["began"], fault["detected"]) == ("unit_change", False, None)
    assert {row["difference"] for row in fault["damage"]} == {0.0}
