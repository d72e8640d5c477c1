import json
from pathlib import Path

CHAIN = Path(__file__).parents[2] / "scenarios" / "chains" / "face_unlock.yaml"
SHORT = ("--set", "horizon=2h", "--replications", "2")

FILES = {"study.json", "table.csv", "runs.parquet", "figure.png", "report.html"}


def test_steps_are_shown_drawn_and_given_to_programs(mlsim, tmp_path: Path):
    steps = ("--step", "small: .", "--step", "large: system.face.sensitivity=0.99")
    shown = mlsim("gains", CHAIN, "--model", "face", *steps, "--plot", "gains.png", *SHORT)
    assert shown.returncode == 0, shown.stderr
    assert "A point (0.01) of face's quality" in shown.stdout
    assert not [line for line in shown.stdout.splitlines() if line != line.rstrip()]
    assert (tmp_path / "gains.png").read_bytes().startswith(b"\x89PNG")
    (folder,) = (tmp_path / "reports" / "studies").glob("face_unlock_gains_*")
    assert {path.name for path in folder.iterdir()} == FILES
    assert "mlsim gains" in (folder / "report.html").read_text()
    told = mlsim("gains", CHAIN, "--model", "face", *steps, "--json", *SHORT)
    assert [row["step"] for row in json.loads(told.stdout)] == ["small", "large"]


def test_all_models_share_the_runs_of_the_system_as_it_is(mlsim):
    import mlsim as api

    memes = api.load(CHAIN.with_name("meme_generator.yaml")).with_({"horizon": "3h"})
    together = api.gains(memes, replications=2)
    assert len(together.gains) == 4
    first = together.gains[0].replications
    alone = api.gains(memes, together.gains[0].model, replications=2)
    assert together.gains[0].table.equals(alone.table)
    for other in together.gains[1:]:
        for seed in first.seeds:
            mine, its = (r.found["as it is", seed] for r in (first, other.replications))
            assert mine.measures is its.measures


def test_a_component_without_a_dial_is_refused_with_its_line(mlsim):
    refused = mlsim("gains", CHAIN, "--model", "lock", *SHORT)
    assert refused.returncode == 2
    assert "face_unlock.yaml:24: system.lock: has no dial" in refused.stderr


def test_one_run_is_too_few_for_an_interval(mlsim):
    assert mlsim("gains", CHAIN, "--replications", "1").returncode == 2


def test_factors_are_combined_shown_and_drawn(mlsim, tmp_path: Path):
    factors = ("--factor", "system.face.sensitivity=0.9,0.97", "--factor", "world.people=50,90")
    shown = mlsim("factorial", CHAIN, *factors, "--measure", "cost", "--plot", "f.png", *SHORT)
    assert shown.returncode == 0, shown.stderr
    assert "sensitivity: 0.9 -> 0.97 x people: 50 -> 90" in " ".join(shown.stdout.split())
    assert (tmp_path / "f.png").is_file()
    assert (tmp_path / "f_heat_map.png").is_file()
    (folder,) = (tmp_path / "reports" / "studies").glob("face_unlock_factorial_*")
    assert {path.name for path in folder.iterdir()} == FILES


def test_an_unknown_path_of_a_factor_is_told_before_anything_runs(mlsim):
    refused = mlsim("factorial", CHAIN, "--factor", "system.fase.sensitivity=0.9,0.97", *SHORT)
    assert refused.returncode == 2
    assert "did you mean 'face'?" in refused.stderr
