"""A scenario and its monitoring files are checked together, and against each other."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsim.errors import ScenarioError
from mlsim.monitoring.loading import load_watched
from mlsim.scenario.document import path_text, read

ROOT = Path(__file__).parents[2]
COVID_APP = ROOT / "scenarios" / "covid_app.yaml"

CLINIC = """\
scenario: clinic
history: 2d
horizon: 2d
world:
  visit:
    ill: bernoulli(0.1)
    temperature: {is: "normal(36.7 + ill, 0.4)", unit: celsius}
    weight: normal(70, 9)
load:
  visits: {rate: 0.01/s, enters: phone}
system:
  phone: {kind: client}
  features: {kind: transform, reads: [temperature]}
  risk: {kind: model, predicts: ill, inputs: [temperature]}
  telemetry: {kind: collector}
flow:
  - phone -> features -> risk -> phone
  - risk ~> telemetry
monitoring: watch.yml
"""
WATCH = """\
checks:
  warm: {kind: range, column: temperature, min: 34, max: 43}
  drift: {kind: drift, column: risk.score, reference: [0d, 1d]}
  auc: {kind: quality, model: risk}
rule_files: [a.rules.yml]
"""
RULES = """\
groups:
  - name: data
    rules:
      - alert: OutOfRange
        expr: data_check{check="warm"} > 0
"""


@pytest.fixture
def problems(tmp_path, monkeypatch):
    """The mistakes that are told of three files, in which some text is replaced."""
    monkeypatch.chdir(tmp_path)

    def told(*changes: tuple[str, str]) -> list[str]:
        files = {"clinic.yaml": CLINIC, "watch.yml": WATCH, "a.rules.yml": RULES}
        for old, new in changes:
            assert any(old in text for text in files.values())
            files = {name: text.replace(old, new) for name, text in files.items()}
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        try:
            load_watched("clinic.yaml")
        except ScenarioError as error:
            return [str(problem) for problem in error.problems]
        return []

    return told


def without_lists(line: str) -> str:
    """A message without its list of what is known, which grows with every kind."""
    return re.sub(r" \((known|what does): [^)]*\)", "", line)


def test_files_that_fit_have_no_mistakes(problems):
    assert problems() == []


def test_mistakes_of_all_files_are_told_at_once(problems):
    told = problems(
        ("features -> risk -> phone", "featurs -> risk -> phone"),
        ("history: 2d", "hisotry: 2d"),
        ("min: 34", "mim: 34"),
        ("kind: quality", "kind: qualty"),
        ("[a.rules.yml]", "[a.rules.yml, ../b.rules.yml]"),
        ('"warm"', '"worm"'),
    )
    assert [line.partition(" (")[0] for line in told] == [
        "a.rules.yml:5: OutOfRange: no check is called 'worm'",
        "clinic.yaml:2: hisotry: unknown key",
        "clinic.yaml:17: flow[0]: no component 'featurs' in system",
        "watch.yml:2: checks.warm.mim: unknown key",
        "watch.yml:2: checks.warm.min: is missing",
        "watch.yml:4: checks.auc: unknown kind of check: 'qualty'",
        "watch.yml:5: rule_files[1]: must stay inside the folder of the monitoring file",
    ]


def test_a_rule_about_a_check_that_cannot_be_read_is_no_mistake_of_its_own(problems):
    assert len(problems(("column: temperature,", "column: 3,"))) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("column: temperature,", "column: temprature,"),
            "watch.yml:2: checks.warm.column: no 'temprature' reaches telemetry "
            "(did you mean 'temperature'?)",
        ),
        (
            ("column: temperature,", "column: ill,"),
            "watch.yml:2: checks.warm.column: no 'ill' reaches telemetry",
        ),
        (
            ("column: temperature,", "column: temperature, source: telemetri,"),
            "watch.yml:2: checks.warm.source: no collector 'telemetri' in the scenario's system "
            "(did you mean 'telemetry'?)",
        ),
        (
            ("model: risk", "model: rsk"),
            "watch.yml:4: checks.auc.model: no model 'rsk' in system (did you mean 'risk'?)",
        ),
        (
            ("model: risk", "model: features"),
            "watch.yml:4: checks.auc.model: must be a model that is learned (got 'features', "
            "of kind transform)",
        ),
        (
            ("[0d, 1d]", "[-3d, 0d]"),
            "watch.yml:3: checks.drift.reference: must not lie before the scenario's history, "
            "which lasts 2d",
        ),
        (
            ("[0d, 1d]", "[1d, 0d]"),
            "watch.yml:3: checks.drift.reference: must go from an earlier to a later time",
        ),
    ],
)
def test_a_check_that_does_not_fit_the_scenario_is_told(problems, change, message):
    assert [without_lists(line) for line in problems(change)] == [message]


def test_a_check_needs_to_know_its_collector(problems):
    two = "telemetry: {kind: collector}\n  archive: {kind: collector}"
    told = problems(
        ("telemetry: {kind: collector}", two),
        ("- risk ~> telemetry", "- risk ~> telemetry\n  - risk ~> archive"),
    )
    assert "watch.yml:2: checks.warm: needs a source: one of telemetry, archive" in told
    none = problems(("kind: collector", "kind: server"))
    assert (
        "watch.yml:2: checks.warm: needs rows to look at, and the scenario has no collector" in none
    )


def test_an_unsound_scenario_brings_no_further_mistakes_of_its_checks(problems):
    assert [without_lists(line) for line in problems(("kind: model", "kind: modl"))] == [
        "clinic.yaml:14: system.risk: unknown kind of component: 'modl' (did you mean 'model'?)"
    ]


def test_a_monitoring_file_that_must_not_be_read_is_not(problems, tmp_path):
    (tmp_path.parent / "outside.yml").write_text("nonsense: 1\n")
    [told] = problems(("monitoring: watch.yml", "monitoring: ../outside.yml"))
    assert told.startswith(
        "clinic.yaml:19: monitoring: must be a path inside the scenario's folder"
    )


def test_checking_a_scenario_with_models_imports_no_learning_library():
    """`mlsim validate` answers within a second; scikit-learn and pandas take three to load."""
    code = (
        "import sys\n"
        "from mlsim.monitoring.loading import load_watched\n"
        "load_watched('scenarios/covid_app.yaml')\n"
        "print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not {"pandas", "sklearn", "matplotlib"} & set(loaded.stdout.split())


def paths(value: object, here: tuple[str | int, ...] = ()) -> Iterator[str]:
    """All places of a document, as settings name them."""
    if here:
        yield path_text(here)
    entries = value.items() if isinstance(value, dict) else ()
    for step, inner in enumerate(value) if isinstance(value, list) else entries:
        yield from paths(inner, (*here, step))


VALUES = [
    "1", "x", "[]", "{}", "5 kg", "-1", "1d", "true", "null", "phone", "risk_model", "temperature",
    "[phone]", "risk_model.score > 1", "lognormal(mean=1s, cv=0.5)", "{kind: server}",
    "{kind: lost_push, at: 1d, component: rollout}", "{kind: model, predicts: infected}",
]  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(sorted(paths(read(COVID_APP).data))),
        st.sampled_from(VALUES),
        min_size=1,
        max_size=3,
    )
)
def test_whatever_stands_anywhere_in_the_covid_app_is_accepted_or_refused(changes):
    with suppress(ScenarioError):
        load_watched(COVID_APP, changes)
