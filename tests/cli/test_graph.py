from pathlib import Path

import pytest

ZONE_OUTAGE = Path(__file__).parents[2] / "scenarios" / "silent" / "zone_outage.yaml"


def test_draws_the_system_in_characters(mlsim, scenario: Path):
    drawn = mlsim("graph", scenario)
    assert (drawn.returncode, drawn.stderr) == (0, "")
    assert "desk (server)" in drawn.stdout


@pytest.mark.parametrize(("suffix", "magic"), [(".svg", b"<?xml"), (".png", b"\x89PNG")])
def test_writes_a_picture(mlsim, scenario: Path, tmp_path: Path, suffix: str, magic: bytes):
    picture = tmp_path / f"system{suffix}"
    drawn = mlsim("graph", scenario, "--out", picture)
    assert drawn.returncode == 0, drawn.stderr
    assert picture.read_bytes().startswith(magic)


def test_marks_what_runs_in_a_zone_that_will_be_down(mlsim):
    drawn = mlsim("graph", ZONE_OUTAGE).stdout
    assert drawn.count("zone_outage") == 1
    assert "!! marks where a fault of the scenario sits" in drawn


def test_refuses_a_picture_of_another_sort(mlsim, scenario: Path):
    refused = mlsim("graph", scenario, "--out", "system.bmp")
    assert refused.returncode == 2
    assert ".svg or .png" in refused.stderr


def test_a_place_where_no_picture_can_be_is_a_mistake(mlsim, scenario: Path):
    refused = mlsim("graph", scenario, "--out", scenario / "system.png")
    assert (refused.returncode, "can't be written" in refused.stderr) == (2, True)
