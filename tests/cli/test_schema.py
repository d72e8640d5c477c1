import json

from jsonschema import Draft202012Validator
from ruamel.yaml import YAML


def test_prints_a_schema_that_accepts_the_starter_and_refuses_a_misspelt_key(mlsim, tmp_path):
    printed = mlsim("schema")
    assert printed.returncode == 0, printed.stderr
    validator = Draft202012Validator(json.loads(printed.stdout))
    mlsim("init", "shop")
    scenario = YAML(typ="safe").load(tmp_path / "shop" / "scenario.yaml")
    assert validator.is_valid(scenario)
    assert not validator.is_valid(scenario | {"horzon": "2d"})
