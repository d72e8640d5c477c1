"""What `mlsim schema` prints accepts the files of the project and refuses what is misspelt."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def document(file: Path) -> dict[str, object]:
    return YAML(typ="safe", pure=True).load(file)


@pytest.fixture
def validator(mlsim):
    def of(*options: str) -> Draft202012Validator:
        printed = mlsim("schema", *options)
        assert printed.returncode == 0, printed.stderr
        schema = json.loads(printed.stdout)
        Draft202012Validator.check_schema(schema)
        return Draft202012Validator(schema)

    return of


def test_accepts_the_starter_and_refuses_a_misspelt_key(mlsim, validator, tmp_path):
    mlsim("init", "shop")
    scenario = document(tmp_path / "shop" / "scenario.yaml")
    schema = validator()
    assert schema.is_valid(scenario)
    assert not schema.is_valid(scenario | {"horzon": "2d"})
    del scenario["flow"]
    assert not schema.is_valid(scenario)


def test_accepts_the_scenarios_of_the_project(validator):
    machines = [SCENARIOS / "covid_app.yaml", SCENARIOS / "fever.yaml"]
    scenario = validator()
    for file in [*machines, *SCENARIOS.glob("interactions/*.yaml")]:
        # A time without quotes is a date to most readers of YAML, and text to ours.
        written = json.loads(json.dumps(document(file), default=lambda time: time.isoformat()))
        scenario.validate(written)


def test_accepts_the_monitoring_files_of_the_project_and_refuses_a_misspelt_key(validator):
    monitoring = validator("--monitoring")
    files = sorted(SCENARIOS.glob("monitoring/*.yml"))
    assert len(files) >= 2
    for file in files:
        monitoring.validate(document(file))
    wrong = {"checks": {"warm": {"kind": "range", "column": "temperature", "mim": 34, "max": 43}}}
    assert [error.json_path for error in monitoring.iter_errors(wrong)]
