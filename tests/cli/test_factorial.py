"""`mlsim factorial`."""

from pathlib import Path


def test_a_mistake_in_a_path_is_told_once_and_by_its_option(mlsim, desk: Path):
    ended = mlsim("factorial", desk, "--factor", "load.jbs.rate=1/s,2/s", "--factor", "seed=1,2")
    assert ended.returncode == 2
    told = "--factor load.jbs.rate: load has no 'jbs' (did you mean 'jobs'?)"
    assert ended.stderr.splitlines() == [told]
