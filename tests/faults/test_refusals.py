"""What a fault can't do is told before anything runs: its line, what was expected, what is near."""

from pathlib import Path

import pytest

from mlsim import faults  # noqa: F401  (makes its kinds known)
from mlsim.errors import ScenarioError
from mlsim.scenario.load import load

CLINIC = """\
scenario: clinic
horizon: 6d
world:
  visit:
    temperature: {is: "normal(37, 0.5)", unit: celsius}
load:
  visits: {rate: 1/h, enters: phone}
system:
  phone: {kind: client}
  gateway: {kind: server, workers: 1}
flow:
  - phone -> gateway -> phone
faults:
"""
FIRST = CLINIC.count("\n") + 1
"""The line of the first fault."""

FAULT = "  - {name: f, kind: sign_flip, at: 2d, component: phone, column: temperature}\n"


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    return tmp_path / "clinic.yaml"


def mistakes(clinic: Path, *broken: str, **settings: str) -> list[str]:
    """What is wrong with a clinic in which these things happen."""
    clinic.write_text(CLINIC + "".join(broken))
    try:
        load(clinic, settings)
    except ScenarioError as error:
        return [str(problem).removeprefix(f"{clinic}:") for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        (
            "kind: sign_flip",
            "kind: sign_flop",
            "faults[0]: unknown kind of fault: 'sign_flop' (did you mean 'sign_flip'?)",
        ),
        (
            "kind: sign_flip",
            "kind: haunted",
            "faults[0]: unknown kind of fault: 'haunted'; `mlsim kinds` lists them all",
        ),
        (
            "component: phone",
            "component: gateway",
            "faults[0].component: must be a component that sends columns, here phone "
            "(got 'gateway', of kind server)",
        ),
        (
            "component: phone",
            "component: fone",
            "faults[0].component: no component 'fone' in system (did you mean 'phone'?)",
        ),
        (
            "column: temperature",
            "column: temprature",
            "faults[0].column: phone sends no column 'temprature' (did you mean 'temperature'?)",
        ),
        (
            "at: 2d",
            "at: 6d",
            "faults[0].at: must be before the run ends, at 6d; it would never begin",
        ),
        (
            "at: 2d",
            "at: 2d, until: 1d",
            "faults[0].until: must be after `at`: it is a time since day 0, as `at` is "
            "(did you mean '3d'?)",
        ),
    ],
)
def test_a_mistake_has_its_line_and_a_suggestion(clinic: Path, right: str, wrong: str, told: str):
    assert mistakes(clinic, FAULT) == []
    assert mistakes(clinic, FAULT.replace(right, wrong)) == [f"{FIRST}: {told}"]


def test_a_mechanism_that_nobody_has(clinic: Path):
    fault = "  - {kind: lost_push, at: 2d, component: gateway}\n"
    told = "must be a deployer, and the system has none (got 'gateway', of kind server)"
    assert mistakes(clinic, fault) == [f"{FIRST}: faults[0].component: {told}"]


def test_all_are_told_at_once_each_at_its_line(clinic: Path):
    late, early = FAULT.replace("at: 2d", "at: 9d"), FAULT.replace("at: 2d", "at: 2d, until: 1d")
    told = mistakes(
        clinic, late, FAULT.replace("name: f, ", ""), early.replace("name: f", "name: g")
    )
    assert [one.partition(" must")[0] for one in told] == [
        f"{FIRST}: faults[0].at:",
        f"{FIRST + 2}: faults[2].until:",
    ]


def test_a_run_that_is_shortened_leaves_out_what_comes_later(clinic: Path):
    """`--horizon 1d` is a question about the first day, and no mistake in the file."""
    assert mistakes(clinic, FAULT, horizon="1d") == []
