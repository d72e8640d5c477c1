"""`mlsim factorial`."""

from pathlib import Path


def test_a_mistake_in_a_path_is_told_once_and_by_its_option(mlsim, desk: Path):
    ended = mlsim("factorial", desk, "--factor", "load.jbs.rate=1/s,2/s", "--factor", "seed=1,2")
    assert ended.returncode == 2
    told = "--factor load.jbs.rate: load has no 'jbs' (did you mean 'jobs'?)"
    assert ended.stderr.splitlines() == [told]


def test_a_picture_of_another_sort_is_refused_before_anything_runs(mlsim, desk: Path):
    levels = ("--factor", "load.jobs.rate=0.3/s,0.6/s", "--plot", "figure.pdf")
    ended = mlsim("factorial", desk, *levels)
    assert (ended.returncode, "must end in .png (got 'figure.pdf')" in ended.stderr) == (2, True)
    assert not Path("reports").exists()
