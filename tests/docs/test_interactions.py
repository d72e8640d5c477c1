"""The page on interactions says what its studies say."""

import importlib.util
from pathlib import Path

import pytest

import mlsim

FOLDER = Path(__file__).parents[2] / "scenarios" / "interactions"


@pytest.fixture(scope="module")
def generator():
    """scenarios/interactions/generate.py, which is no module of the package."""
    spec = importlib.util.spec_from_file_location("generate_interactions", FOLDER / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name", ["flood_and_fire", "weather_and_smileys", "call_forwarding_and_waiting"]
)
def test_a_section_is_what_a_study_gives(generator, name: str):
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    study = mlsim.interactions(FOLDER / f"{name}.yaml")
    assert generator.section(name, study) in page, "run scenarios/interactions/generate.py"


def test_every_scenario_has_its_section_and_its_figure(generator):
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    scenarios = {path.stem for path in FOLDER.glob("*.yaml")}
    assert scenarios == set(generator.CLAIMS) == set(generator.LESSONS)
    assert all(f"]({name}.yaml)" in page for name in scenarios)
    assert {path.stem for path in (FOLDER / "figures").glob("*.png")} == scenarios
