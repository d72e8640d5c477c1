"""`mlsim compare`."""

import json
from pathlib import Path


def load_of(scenario: Path) -> str:
    from mlsim import api

    return next(iter(api.load(scenario).spec.load))


def test_variants_are_held_against_the_first(mlsim, scenario: Path):
    load = load_of(scenario)
    ended = mlsim(
        *("compare", scenario, ".", f"busy: load.{load}.rate=0.4/s", "--replications", "3"),
        *("--set", "horizon=6h"),
    )
    assert ended.returncode == 0, ended.stderr
    assert "busy against as it is  3 paired runs" in ended.stdout
    assert Path("reports/studies/replications.sqlite").exists()


def test_json_is_the_table_and_nothing_else(mlsim, scenario: Path):
    load = load_of(scenario)
    ended = mlsim(
        *("compare", scenario, f"load.{load}.rate=0.4/s", "--replications", "2", "--json"),
        *("--set", "horizon=2h", "--measure", "outcome"),
    )
    rows = json.loads(ended.stdout)
    assert {row["variant"] for row in rows} == {f"load.{load}.rate=0.4/s"}
    assert {row["measure"].partition(".")[0] for row in rows} == {"outcome"}


def test_mistakes_are_found_before_anything_runs(mlsim, scenario: Path):
    ended = mlsim("compare", scenario, ".", "x: horzon=3d", "y: load.nobody.rate=3/s")
    assert ended.returncode == 2
    assert "--set horzon=3d: unknown key (did you mean 'horizon'?)" in ended.stderr
    assert "--set load.nobody.rate=3/s: load has no 'nobody'" in ended.stderr
    assert not Path("reports").exists()


def test_a_name_given_twice_is_refused(mlsim, scenario: Path):
    ended = mlsim("compare", scenario, "a: horizon=1h", "a: horizon=2h")
    assert ended.returncode == 2
    assert "another variant is called 'a'" in ended.stderr


def test_an_unknown_measure_is_told_with_the_nearest(mlsim, scenario: Path):
    ended = mlsim("compare", scenario, ".", "a: horizon=1h", "--measure", "hram")
    assert ended.returncode == 2
    assert "did you mean 'harm'?" in ended.stderr
