"""`mlsim compare`."""

import json
import os
import signal
from pathlib import Path

import pytest

from mlsim.errors import ScenarioError
from mlsim.faults.crash import Crash
from mlsim.studies.given import variants_of
from mlsim.system.simulation import System


def load_of(scenario: Path) -> str:
    from mlsim import api

    return next(iter(api.load(scenario).spec.load))


def test_variants_are_held_against_the_first(mlsim, scenario: Path):
    load = load_of(scenario)
    ended = mlsim(
        *("compare", scenario, ".", f"busy: load.{load}.rate=0.4/s", "--replications", "3"),
        *("--horizon", "6h"),
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
    assert "variant 'x': horzon=3d: unknown key (did you mean 'horizon'?)" in ended.stderr
    assert "variant 'y': load.nobody.rate=3/s: load has no 'nobody'" in ended.stderr
    assert not Path("reports").exists()


def test_what_a_variant_sets_is_told_before_what_follows_from_it(tmp_path: Path):
    """Though the file comes first in the alphabet."""
    file = tmp_path / "a.yaml"
    file.write_text(
        "{scenario: a, horizon: 1h, load: {x: {rate: 1/s, enters: app}}, "
        "system: {app: {kind: client}, door: {kind: server}, desk: {kind: server}}, "
        "flow: [app -> door -> desk -> app]}"
    )
    with pytest.raises(ScenarioError) as caught:
        variants_of(file, {"short": {"flow[0]": "app -> door"}})
    cause, consequence = caught.value.problems
    assert cause.message.startswith("must end at app")
    assert consequence.path == "system.desk"


def test_a_mistake_of_what_all_variants_have_is_one_of_set(mlsim, scenario: Path):
    ended = mlsim("compare", scenario, "x: seed=4", "--set", "horizon=3x")
    assert ended.stderr.startswith("--set horizon=3x: ")
    assert ended.stderr.count("horizon") == 1


def test_a_mistake_in_a_file_of_settings_is_told_by_its_line(mlsim, scenario: Path):
    Path("busy.yaml").write_text("seed: 3\nhorzon: 3d\n")
    ended = mlsim("compare", scenario, "busy.yaml", "bsy.yaml")
    assert ended.returncode == 2
    assert "busy.yaml:2: horzon: unknown key (did you mean 'horizon'?)" in ended.stderr
    assert "bsy.yaml: no such file (did you mean 'busy.yaml'?)" in ended.stderr


def test_what_is_neither_a_file_nor_settings_is_told_as_such(mlsim, scenario: Path):
    ended = mlsim("compare", scenario, "busy: load.jobs.rate")
    assert ended.returncode == 2
    assert ended.stderr == (
        "variant 'busy: load.jobs.rate': must be a YAML file, or settings as in "
        "'busy: load.jobs.rate=3/s' (got 'load.jobs.rate')\n"
    )


def test_a_forgotten_colon_behind_a_name_is_told_as_one(mlsim, scenario: Path):
    ended = mlsim("compare", scenario, "busy horizon=1d")
    assert ended.returncode == 2
    assert "variant 'busy horizon=1d': 'busy horizon' is not a path" in ended.stderr
    assert "a colon, as in 'busy: load.jobs.rate=3/s'" in ended.stderr


def test_the_scenario_as_it_is_is_nothing_to_compare_with_itself(mlsim, scenario: Path):
    ended = mlsim("compare", scenario, ".")
    assert ended.returncode == 2
    assert "needs another variant" in ended.stderr
    assert not Path("reports").exists()


def test_a_name_given_twice_is_refused(mlsim, scenario: Path):
    ended = mlsim("compare", scenario, "a: horizon=1h", "a: horizon=2h")
    assert ended.returncode == 2
    assert "another variant is called 'a'" in ended.stderr


def test_an_unknown_measure_is_told_with_the_nearest(mlsim, scenario: Path):
    ended = mlsim("compare", scenario, ".", "a: horizon=1h", "--measure", "hram")
    assert ended.returncode == 2
    assert "did you mean 'harm'?" in ended.stderr


def test_a_failed_replication_is_told_and_the_study_goes_on(
    mlsim, desk: Path, monkeypatch: pytest.MonkeyPatch
):
    """One replication raises, one is killed as if for its memory; the others are compared."""
    begin = Crash.begin

    def sometimes(self: Crash, system: System) -> None:
        if system.seed == 12:
            raise RuntimeError("no such switch")
        if system.seed == 13:
            os.kill(os.getpid(), signal.SIGKILL)
        begin(self, system)

    monkeypatch.setattr(Crash, "begin", sometimes)
    ended = mlsim("compare", desk, ".", "b: load.jobs.rate=0.4/s", "--replications", "4")
    assert ended.returncode == 1
    assert "2 paired runs" in ended.stdout
    assert "seed 12 of as it is: RuntimeError: no such switch" in ended.stdout
    assert "seed 13 of b: a process ended without a result" in ended.stdout
    assert f"mlsim run {desk} --seed 13 --set load.jobs.rate=0.4/s" in ended.stdout
    monkeypatch.setattr(Crash, "begin", begin)
    again = mlsim("study", "--resume", next(Path("reports/studies").glob("desk_*")).name)
    assert again.returncode == 0
    assert "4 paired runs" in again.stdout
