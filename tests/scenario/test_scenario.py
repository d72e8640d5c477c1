"""Whole scenarios: what is read out of them, and that reading them is safe."""

import random
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlsim.errors import ScenarioError
from mlsim.scenario.document import read
from mlsim.scenario.expressions import parse
from mlsim.scenario.flow_steps import Chain, Parallel
from mlsim.scenario.load import load
from mlsim.scenario.schema import schema
from mlsim.scenario.units import Money

COUNTER = """\
scenario: counter
horizon: 1d
seed: 1
load:
  jobs: {rate: 2.4/s, enters: desk}
system:
  desk: {kind: server, workers: 3, service_time: exponential(mean=1s)}
flow:
  - desk
"""

COVID = """\
version: 1
scenario: covid_app
title: Smartphone COVID-19 detection
start: 2020-11-02T00:00:00Z
history: 14d                      # simulated before day 0
horizon: 28d
seed: 7

world:
  drivers:
    prevalence: 0.02 + 0.03 * ramp(0d, 21d)
  person:                         # drawn once per person, top to bottom
    age: clip(normal(44, 18), 0, 100)
  check_up:                       # drawn once per check-up
    infected: bernoulli(prevalence)
    temperature:
      is: normal(36.7 + 1.1 * infected, 0.4)
      unit: celsius
    cough_rate: lognormal(mean = 2 + 9 * infected, cv = 0.7)

load:
  check_ups:
    rate: 1.5/s * daily(trough=0.3, peak_at=19h) * prevalence
    of: person
    enters: phone

system:
  phone: {kind: client, timeout: 4s, retries: {max: 2, backoff: 500ms}}
  gateway:
    kind: server
    workers: 8
    service_time: lognormal(mean=6ms, cv=0.5)
  cough_model: {kind: model}
  symptom_model: {kind: model}
  advice: {kind: policy, when: cough_model.score > 0.3, then: isolate}
  telemetry: {kind: server}
  nightly: {kind: trainer}

flow:
  - phone -> gateway -> [cough_model, symptom_model] -> advice -> phone   # the reply
  - advice ~> telemetry           # asynchronous: nobody waits for it

outcomes:
  missed_infections: {count: infected and not advice.isolate, cost: 400 EUR}
  hot_and_old: {count: cough_model.score > 0.5 and temperature > 39 and age > 80}
  waiting: {sum: sojourn_time, cost: 36 EUR/h}

faults:
  - {kind: unit_change, at: 9d, component: phone, unit: fahrenheit}
"""


def test_the_smallest_scenario_is_complete(scenario_of):
    scenario = scenario_of(COUNTER)
    assert (scenario.scenario, scenario.seed, scenario.horizon) == ("counter", 1, 86400.0)
    assert (scenario.history, scenario.faults, scenario.outcomes) == (0.0, (), {})
    assert scenario.load["jobs"].rate == parse("2.4/s")
    assert scenario.system["desk"].service_time == parse("exponential(mean=1s)")
    assert scenario.flow == (Chain(("desk",), line=9),)


def test_a_larger_scenario_says_what_was_meant(scenario_of):
    scenario = scenario_of(COVID)
    assert scenario.start == datetime(2020, 11, 2, tzinfo=UTC)
    assert list(scenario.world.columns()) == ["infected", "temperature", "cough_rate", "age"]
    assert scenario.world.unit_of("temperature") == "celsius"
    assert scenario.world.unit_of("age") == ""
    assert scenario.load["check_ups"].each == "check_up"
    assert scenario.system["phone"].retries.backoff == 0.5
    branches = Parallel((("cough_model",), ("symptom_model",)))
    assert scenario.flow[0].steps == ("phone", "gateway", branches, "advice", "phone")
    assert scenario.flow[1].aside
    assert [chain.line for chain in scenario.flow] == [40, 41]
    assert scenario.outcomes["missed_infections"].cost == Money(400.0, "EUR")
    assert scenario.outcomes["waiting"].expression == parse("sojourn_time")
    assert list(scenario.outputs()) == [
        "cough_model.score",
        "symptom_model.score",
        "advice.isolate",
    ]
    assert scenario.faults[0].at == 9 * 86400.0


def test_drivers_are_put_into_rates(scenario_of):
    rate = scenario_of(COVID).load["check_ups"].rate
    assert rate == parse("1.5/s * daily(trough=0.3, peak_at=19h) * (0.02 + 0.03 * ramp(0d, 21d))")
    assert rate.text == "1.5/s * daily(trough=0.3, peak_at=19h) * prevalence"


def test_settings_are_part_of_the_scenario(scenario_of):
    scenario = scenario_of(COUNTER, **{"load.jobs.rate": "3/s", "history": "1d", "seed": 2})
    assert scenario.load["jobs"].rate == parse("3/s")
    assert (scenario.history, scenario.seed) == (86400.0, 2)
    assert scenario.hash != scenario_of(COUNTER).hash


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("load.jobs.rate", "3", "--set load.jobs.rate=3: must be a rate such as"),
        ("load.jobs", "{rat: 3/s, enters: desk}", "--set load.jobs={rat: 3/s, enters: desk}: rat:"),
        ("system.desk.workrs", 3, "--set system.desk.workrs=3: unknown key (did you mean 'work"),
        (
            "load.jobs.enters",
            "dsk",
            "--set load.jobs.enters=dsk: no component 'dsk' in system",
        ),
        ("flow[1]", "desk", "--set flow[1]=desk: flow has one entry"),
    ],
)
def test_a_wrong_setting_is_told_as_it_was_given(scenario_of, path, value, message):
    with pytest.raises(ScenarioError) as caught:
        scenario_of(COUNTER, **{path: value})
    assert str(caught.value).startswith(message)


def test_what_a_setting_breaks_elsewhere_is_told_in_the_file(scenario_of):
    with pytest.raises(ScenarioError, match=r"scenario.yaml:9: flow\[0\]: no component 'desk'"):
        scenario_of(COUNTER, system="{counter: {kind: server}}")


def test_a_scenario_is_frozen(scenario_of):
    with pytest.raises(ValueError, match="frozen"):
        scenario_of(COUNTER).seed = 3


def test_the_monitoring_file_lies_beside_the_scenario(scenario_of, tmp_path):
    (tmp_path / "watch.yml").touch()
    assert scenario_of(COUNTER + "monitoring: watch.yml\n").monitoring_file == (
        tmp_path / "watch.yml"
    )
    with pytest.raises(ScenarioError, match=r"no such file.*\(did you mean 'watch.yml'\?\)"):
        scenario_of(COUNTER + "monitoring: wach.yml\n")


def test_a_link_out_of_the_folder_is_not_followed(scenario_of, tmp_path):
    outside = tmp_path.parent / "outside.yml"
    outside.touch()
    (tmp_path / "watch.yml").symlink_to(outside)
    with pytest.raises(ScenarioError, match="must not lead out of the scenario's folder"):
        scenario_of(COUNTER + "monitoring: watch.yml\n")


@pytest.mark.parametrize("text", [COUNTER, COVID])
def test_the_json_schema_accepts_what_load_accepts(scenario_of, text):
    language = schema()
    jsonschema.Draft202012Validator.check_schema(language)
    jsonschema.validate(scenario_of(text).document.data, language)


@pytest.mark.parametrize(
    "setting",
    [
        {"system.desk.wrokers": 3},
        {"system.desk.kind": "sever"},
        {"system.desk.workers": 0},
        {"horizon": "5 kg"},
        {"laod": 1},
        {"world": {"job": {"hard": {"unit": "kg"}}}},
        {"outcomes": {"lost": {"count": "ok", "cost": "5"}}},
    ],
)
def test_the_json_schema_sees_mistakes_of_structure(scenario_of, setting):
    data = scenario_of(COUNTER).document.with_(setting).data
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema())


PIECES = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "- ",
    "'",
    '"',
    "\n",
    "  ",
    "&a ",
    "*a",
    "!x ",
    "1",
    "%",
    "(",
]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False), st.integers(1, 6))
def test_a_damaged_scenario_is_read_or_refused(scenario_of, randoms, blows):
    with suppress(ScenarioError):
        scenario_of(_damaged(COVID, randoms, blows))


def _damaged(text: str, randoms: random.Random, blows: int) -> str:
    for _ in range(blows):
        place = randoms.randrange(len(text))
        cut = randoms.choice([0, 0, 1, 10])
        text = text[:place] + randoms.choice(PIECES) + text[place + cut :]
    return text


@settings(max_examples=40)
@given(st.binary(max_size=60))
def test_bytes_are_read_or_refused(tmp_path_factory, content):
    file = tmp_path_factory.mktemp("junk") / "junk.yaml"
    file.write_bytes(content)
    with suppress(ScenarioError):
        load(file)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
PLACES = [
    "scenario", "title", "version", "start", "history", "horizon", "seed", "monitoring",
    "world", "world.drivers", "world.drivers.prevalence", "world.person", "world.check_up",
    "world.check_up.temperature", "world.check_up.temperature.unit", "load", "load.check_ups",
    "load.check_ups.rate", "load.check_ups.of", "load.check_ups.enters", "system",
    "system.phone", "system.phone.retries", "system.gateway.service_time", "system.advice.when",
    "system.advice.kind", "flow", "flow[0]", "outcomes", "outcomes.waiting",
    "outcomes.waiting.sum", "faults", "faults[0]", "faults[0].at",
]  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PLACES), VALUES)
def test_any_value_at_any_place_is_accepted_or_refused(scenario_of, place, value):
    with suppress(ScenarioError):
        scenario_of(COVID, **{place: value})


def test_reading_imports_nothing_heavy():
    """`mlsim validate` answers at once; NumPy and what stands on it come with a run."""
    code = "import sys, mlsim.scenario.load; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"numpy", "numba", "pandas", "simpy", "sklearn"} & set(loaded.stdout.split())


def test_a_document_without_flaws_has_none(tmp_path):
    (tmp_path / "a.yaml").write_text(COVID)
    assert read(tmp_path / "a.yaml").flaws == ()
