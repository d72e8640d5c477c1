"""`mlsim interactions`: what is found, as text, as JSON and as a picture."""

import json
import re
from pathlib import Path

from tests.worlds import COUNTER

FOLDER = Path(__file__).parents[2] / "scenarios" / "interactions"


def test_tells_what_breaks_in_company_what_led_to_it_and_what_helps(mlsim):
    told = mlsim("interactions", FOLDER / "weather_and_smileys.yaml")
    assert told.returncode == 0
    for said in (
        "Two features: one pair interacts",
        "1. Smileys + Weather: overlapping precondition, through post",
        "Weather keeps it alone, and breaks it here: eventually contains(post, 'sunny') within 1s",
        "in one order only: Smileys before Weather",
        "-> 'Today's weather: [:weather💟'",
        "runs confirm 1",
        "Weather goes first",
    ):
        assert said in told.stdout


def test_what_is_numbered_is_what_is_counted(mlsim):
    """A pair that breaks two promises is one pair."""
    told = mlsim("interactions", FOLDER / "eight_features.yaml").stdout
    assert "four pairs interact" in told
    assert re.findall(r"^(\d)\. ", told, re.M) == ["1", "2", "3", "4"]
    assert told.count("keeps it alone, and breaks it here") == 5
    assert not [line for line in told.splitlines() if line != line.rstrip()]


def test_it_leaves_a_folder_as_other_studies_do(mlsim):
    ended = mlsim("interactions", FOLDER / "flood_and_fire.yaml", "--out", "here", "--quiet")
    folder = Path(ended.stdout.strip())
    files = {"study.json", "table.csv", "figure.png", "report.html"}
    assert {path.name for path in folder.iterdir()} == files
    assert re.search(
        rf"{folder.name} +interactions +flood_and_fire.yaml .* done$",
        mlsim("study", "ls", "--out", "here").stdout,
        re.M,
    )
    assert "through water" in (folder / "report.html").read_text()


def test_json_has_it_all_and_a_picture_is_written(mlsim, tmp_path: Path):
    file, picture = FOLDER / "eight_features.yaml", tmp_path / "who.png"
    found = json.loads(mlsim("interactions", file, "--json", "--plot", picture).stdout)
    assert found["products_run"] == 1 + 8 + 28 + 1
    assert len({one["features"] for one in found["interactions"]}) == 4
    assert sum(one["confirmed"] for one in found["warnings"]) == 4
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_setting_may_take_the_interaction_away(mlsim):
    own_supply = "world.state.fire.flows.quenched=-0.3/s if sprinklers == 'on' else 0/s"
    told = mlsim("interactions", FOLDER / "flood_and_fire.yaml", "--set", own_supply)
    assert "Two features: no pairs interact" in told.stdout


def test_a_scenario_without_features_is_refused(mlsim, tmp_path: Path):
    (tmp_path / "counter.yaml").write_text(COUNTER)
    refused = mlsim("interactions", tmp_path / "counter.yaml")
    assert refused.returncode == 2
    assert "world.features" in refused.stderr


def test_features_without_a_machine_can_not_be_run(mlsim):
    refused = mlsim("run", FOLDER / "flood_and_fire.yaml")
    assert refused.returncode == 2
    assert "mlsim interactions" in refused.stderr
