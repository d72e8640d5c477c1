"""The scenario that the README shows, under a small part of its load: what one expects of it."""

from pathlib import Path

import pytest

from mlsim import api

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SETTINGS = {"load.check_ups.rate": "0.06/s * daily(trough=0.3, peak_at=19h)", "horizon": "15d"}


@pytest.fixture(scope="module")
def run() -> api.Run:
    """Until a day after the repair of the first fault; the second doesn't begin."""
    return api.load(SCENARIOS / "covid_app.yaml", SETTINGS).run()


def test_the_update_isolates_people_for_nothing(run: api.Run):
    fault, later = run.summary["faults"]
    assert not later["began"]
    isolated = next(row for row in fault["damage"] if row["outcome"] == "isolated_for_nothing")
    assert isolated["run"] > 2 * isolated["twin"]
    waiting = next(row for row in fault["damage"] if row["outcome"] == "waiting_time")
    assert waiting["difference"] == 0, "what is sent has no influence on how it moves"


def test_the_range_check_notices_within_the_ramp(run: api.Run):
    table = run.detection.set_index("rule")
    assert table.loc["TemperatureOutOfRange", "detected"]
    assert table.loc["TemperatureOutOfRange", "time_to_detect_s"] < 2 * 86400
    assert table.loc["TemperatureOutOfRange", "false_alarms"] == 0


def test_operations_alone_notice_nothing(run: api.Run):
    blind = run.judged_by(SCENARIOS / "monitoring/ops_only.yml")
    assert len(blind.detection) > 0
    assert not blind.detection["detected"].any()
    assert blind.summary["outcomes"] == run.summary["outcomes"]
