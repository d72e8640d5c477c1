"""The scenario that everybody starts from takes every kind of fault, in the list or by `--set`."""

from pathlib import Path
from typing import Any

import pytest

from mlsim import api
from mlsim.cli.catalogue import catalogue
from mlsim.errors import ScenarioError
from mlsim.testing.language import example_of

COVID_APP = Path(__file__).parents[2] / "scenarios" / "covid_app.yaml"
SMALL = {
    "history": "1d",
    "horizon": "1d",
    "load.check_ups.rate": "0.02/s * daily(trough=0.3, peak_at=19h)",
    "world.people": 2000,
    "system.nightly_symptoms.window": "1d",
    "system.nightly_risk.window": "1d",
}
FLOW = "phone -> gateway -> {} -> features -> [cough_model, symptom_model] -> risk_model"
ADVICE = "risk_model -> advice -> phone"
WEATHER = {
    "system.weather": "{kind: external, provides: {humidity: 'uniform(0, 1)'}, service_time: 80ms}",
    "flow": [FLOW.format("weather"), ADVICE, "advice ~> telemetry"],
}
HABITS = {
    "system.habits": "{kind: store, columns: [visits]}",
    "system.nightly_habits": (
        "{kind: batch_job, reads: telemetry, store: habits, every: 8h, duration: 10min, "
        "makes: {visits: {take: count}}}"
    ),
    "flow": [FLOW.format("habits"), ADVICE, "advice ~> telemetry"],
}
CAMERA = {
    "system.camera": "{kind: channel_model, perceives: infected, sensitivity: 0.8, specificity: 1}",
    "flow": [FLOW.format("camera"), ADVICE, "advice ~> telemetry"],
}
FEVER = {
    "system.features.makes": "{fever: temperature - 37}",
    "system.symptom_model.inputs": "[fever, no_smell, sore_throat, age]",
    "system.nightly_symptoms.features": "recomputed",
}
MECHANISMS: dict[str, dict[str, Any]] = {
    "bad_release": {"system.phone.releases": "{v1: {}}"},
    "clock_skew": {"world.check_up.time_since_meal": "{is: 'uniform(0, 8)', unit: h}"},
    "time_zone": {"world.check_up.taken_at": "{is: 'uniform(0, 24)', unit: h}"},
    "zone_outage": {"system.gateway.zones": "[a, b]"},
    "machine_crash": {"system.gateway.machines": "[rack_1_left, rack_1_right]"},
    "telemetry_overload": {"system.telemetry.capacity": "{rows: 10, per: 10min}"},
    "training_skew": FEVER,
    "perception_change": CAMERA,
    "partition": WEATHER,
    **{f"external_{what}": WEATHER for what in ("empty", "gone", "quota", "slow")},
    **dict.fromkeys(
        (
            "failed_job",
            "late_batch",
            "off_by_one_window",
            "stale_store",
            "wrong_lookup_key",
            "wrong_table",
        ),
        HABITS,
    ),
}
"""Mechanisms that the scenario hasn't got, and a setting can bring into it."""
ELSEWHERE: dict[str, dict[str, Any]] = {
    "concept_drift": {"becomes": "bernoulli(prevalence * (0.5 + smoker))"},
}
"""Parameters that suit its world, where those of the example don't."""

KINDS = catalogue()["fault"]


@pytest.mark.parametrize("name", KINDS)
def test_it_takes(name: str):
    example = example_of(KINDS[name]) | ELSEWHERE.get(name, {}) | {"at": "6h", "until": "18h"}
    settings = SMALL | MECHANISMS.get(name, {}) | {"faults": [example]}
    run = api.load(COVID_APP, settings).run(twin=False)
    (fault,) = run.summary["faults"]
    assert (fault["kind"], fault["began"]) == (name, True)
    assert run.summary["requests"]["total"] > 1000


def test_what_a_setting_brings_is_not_there_already():
    """Else the test above would hold for another scenario than the one that everybody has."""
    for name in MECHANISMS:
        example = example_of(KINDS[name]) | {"at": "6h", "until": "18h"}
        with pytest.raises(ScenarioError):
            api.load(COVID_APP, SMALL | {"faults": [example]})


def test_settings_are_of_kinds_that_exist():
    assert MECHANISMS.keys() | ELSEWHERE.keys() <= KINDS.keys()
