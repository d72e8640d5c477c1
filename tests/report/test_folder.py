"""Reading a run folder."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlsim.errors import MlsimError
from mlsim.report import folder, style
from mlsim.report.figures.cost import COST
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


def by_minute(folder: Path) -> None:
    """Gives a run of one day, one fault, its minutes: 10 people more a minute from 6 h to 9 h."""
    ends = 60.0 * np.arange(1, 1441)
    outcome, price = "isolated_for_nothing", 250.0
    extra = np.where((ends > 6 * runs.HOUR) & (ends <= 9 * runs.HOUR), 10.0, 0.0)
    rows = pd.read_csv(folder / "outcomes.csv")
    for world, more in (("unit_change", extra), ("twin", 0.0 * extra)):
        place = folder / "worlds" / world if world == "twin" else folder
        place.mkdir(parents=True, exist_ok=True)
        table = pd.DataFrame({"time_s": ends, **dict.fromkeys(rows["outcome"].unique(), 1.0)})
        table[outcome] += more
        table.to_parquet(place / "outcomes_by_minute.parquet")
    others = rows["outcome"] != outcome
    rows.loc[others, ["difference", "cost"]] = 0.0
    rows.loc[~others & (rows["world"] != "twin"), ["difference", "cost"]] = (
        extra.sum(),
        extra.sum() * price,
    )
    rows.to_csv(folder / "outcomes.csv", index=False)


def short(folder: Path) -> Path:
    """A fault from 6 h to 9 h of a run of one day, noticed at 7 h."""
    fault = replace(
        runs.UNIT_CHANGE,
        at_s=6 * runs.HOUR,
        until_s=9 * runs.HOUR,
        ramp_s=None,
        noticed={"TemperatureOutOfRange": runs.HOUR},
    )
    by_minute(runs.write(folder, (fault,), days=1))
    return folder


def test_cost_is_nothing_when_a_fault_begins_and_known_to_the_minute(tmp_path: Path):
    """2,500 EUR a minute from the fault's beginning on, and not from the day's."""
    run = folder.read(short(tmp_path))
    days, cost = run.cost_so_far("unit_change")
    at = [hour / 24 for hour in (0, 6, 7, 9, 24)]
    assert np.interp(at, days, cost) == pytest.approx([0, 0, 150_000, 450_000, 450_000])
    assert run.cost_from("unit_change", 8 * runs.HOUR) == pytest.approx(150_000)


def test_line_of_the_cost_goes_through_what_it_marks(tmp_path: Path):
    """The drawn line is nothing at the fault's beginning, and meets the alert's mark."""
    run = folder.read(short(tmp_path))
    run.faults[0]["cost"]["before_alert"] = 150_000.0
    axes = COST.draw(run, style.WIDE).axes[0]
    curve, mark = axes.lines[0], next(line for line in axes.lines if line.get_marker() == "^")
    begin, fired = np.interp([0.25, mark.get_xdata()[0]], *curve.get_data())
    assert begin == 0
    assert fired == pytest.approx(mark.get_ydata()[0])


def test_steps_of_an_outcome_are_as_long_as_fits_the_run(tmp_path: Path):
    run = folder.read(short(tmp_path))
    steps = run.steps_of("isolated_for_nothing")
    assert (steps.per, steps.run.size, steps.edges[-1]) == ("10 min", 144, 1.0)
    assert list((steps.run - steps.twin)[34:38]) == [0, 0, 100, 100]
    assert folder.read(runs.write(tmp_path / "days")).steps_of("waiting").per == "day"
    run.summary["scenario"]["horizon_s"] = 4 * runs.HOUR
    assert run.steps_of("isolated_for_nothing").per == "min"
