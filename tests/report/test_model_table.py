"""What became of a model: a push that never arrived must be plain to see."""

from pathlib import Path

from mlsim.report.model_table import model_row
from tests.report import runs


def test_lost_pushes_are_counted_and_the_old_version_named(tmp_path: Path):
    [_, _, risk] = runs.summary(tmp_path, runs.STALE_MODEL)["models"]
    row = model_row(risk, 28 * runs.DAY)
    assert (row.trained, row.passed, row.served, row.unserved, row.touched) == (28, 27, 17, 11, 5)
    assert row.serving == "17, 12 d old"
    assert row.longest == "17: 12 d from day 16"
    assert row.quality == "auc 0.98, then 0.92"


def test_a_model_that_was_never_trained_says_so():
    nothing = {"name": "risk", "version": 0, "trained_at_s": None, "versions": [], "served": []}
    row = model_row(nothing | {"reported": []}, runs.DAY)
    assert (row.serving, row.longest, row.quality) == ("none", "", "")
