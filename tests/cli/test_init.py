from pathlib import Path


def test_writes_a_scenario_and_what_watches_it(mlsim, tmp_path: Path):
    made = mlsim("init", "shop")
    assert made.returncode == 0, made.stderr
    assert "shop/scenario.yaml" in made.stdout
    assert (tmp_path / "shop/monitoring/counter.yml").is_file()


def test_what_it_wrote_is_valid(mlsim):
    mlsim("init", "shop")
    checked = mlsim("validate", "shop/scenario.yaml")
    assert (checked.returncode, checked.stderr) == (0, "")


def test_overwrites_nothing(mlsim, tmp_path: Path):
    mine = tmp_path / "shop" / "scenario.yaml"
    mine.parent.mkdir()
    mine.write_text("mine")
    refused = mlsim("init", "shop")
    assert refused.returncode == 2
    assert "exists already" in refused.stderr
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [mine]
    assert mine.read_text() == "mine"
    refused = mlsim("init", mine)
    assert (refused.returncode, "is a file" in refused.stderr) == (2, True)
