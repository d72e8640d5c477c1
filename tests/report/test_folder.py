"""Reading a run folder."""

from dataclasses import replace
from pathlib import Path

import pytest

from mlsim.errors import MlsimError
from mlsim.report import folder
from tests.report import runs


@pytest.mark.parametrize(
    "missing", ["summary.json", "run.json", "alerts.csv", "detection.csv", "outcomes.csv"]
)
def test_incomplete_folder_names_the_missing_file(tmp_path: Path, missing: str):
    runs.write(tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(MlsimError, match=f"not a complete run folder \\({missing}"):
        folder.read(tmp_path)


def test_file_that_ends_early_is_refused(tmp_path: Path):
    runs.write(tmp_path)
    (tmp_path / "summary.json").write_text('{"scenario": ')
    with pytest.raises(MlsimError, match=r"summary\.json"):
        folder.read(tmp_path)


def test_rule_called_null_keeps_its_name(tmp_path: Path):
    runs.write(tmp_path)
    table = tmp_path / "detection.csv"
    table.write_text(table.read_text().replace("InputDrift", "null"))
    assert "null" in set(folder.read(tmp_path).detection["rule"])


def test_flags_are_read_from_their_words(tmp_path: Path):
    """The text "False" is not true, and neither is an empty cell."""
    runs.write(tmp_path)
    table = tmp_path / "detection.csv"
    text = table.read_text().replace("PredictionDrift,ticket,True", "PredictionDrift,ticket,")
    table.write_text(text.replace("True", "true"))
    detection = folder.read(tmp_path).detection
    assert set(detection[detection["detected"]]["rule"]) == {"TemperatureOutOfRange", "InputDrift"}


def test_world_shown_is_all_faults_together(tmp_path: Path):
    both = runs.write(tmp_path / "two", (runs.UNIT_CHANGE, runs.STALE_MODEL))
    assert folder.read(both).world == "all"
    assert folder.read(runs.write(tmp_path / "one")).world == "unit_change"


def test_alerts_of_all_together_are_due_to_the_fault_that_causes_them_alone(tmp_path: Path):
    """What the twin has too is due to nobody."""
    noticed = replace(runs.STALE_MODEL, noticed={"HighErrorRate": 2 * runs.DAY})
    run = folder.read(runs.write(tmp_path, (runs.UNIT_CHANGE, noticed)))
    due = run.caused.groupby("rule")["due"].agg(set).to_dict()
    assert due["TemperatureOutOfRange"] == {"unit_change"}
    assert due["HighErrorRate"] == {"stale_model"}
    assert due["HighLatency"] == {""}


def test_an_alert_that_no_fault_brings_about_alone_is_due_to_all_together(tmp_path: Path):
    run = folder.read(runs.write(tmp_path, (runs.UNIT_CHANGE, runs.STALE_MODEL)))
    run.alerts.loc[run.alerts["world"] == "unit_change", "attributable"] = False
    assert set(run.caused["due"]) == {"", folder.TOGETHER}


def test_cost_from_a_time_on_takes_its_share_of_that_day(tmp_path: Path):
    run = folder.read(runs.write(tmp_path))
    rows = run.outcomes[run.outcomes["world"] == "unit_change"]
    half = rows[rows["day"] == 12]["cost"].sum() / 2 + rows[rows["day"] > 12]["cost"].sum()
    assert run.cost_from("unit_change", 12.5 * runs.DAY) == pytest.approx(half)
