"""Designs of sweeps, and what a sweep gives."""

from pathlib import Path

import pandas as pd
import pytest

import mlsim
from mlsim.errors import MlsimError
from mlsim.studies.designs import axis, points

BOTH = [axis("a", "1..3:3"), axis("b", ["x", "y"])]


def test_a_grid_is_every_combination():
    assert points(BOTH) == [{"a": a, "b": b} for a in ("1", "2", "3") for b in ("x", "y")]


def test_a_range_has_the_unit_of_its_ends():
    assert axis("p", "0.5/s..2/s:4").grid() == ["0.5/s", "1/s", "1.5/s", "2/s"]
    assert axis("p", "10min..30min:2").grid() == ["10min", "30min"]
    assert axis("monitoring.rules.A.for", "5m..10m:3").grid() == ["5m", "450s", "10m"]
    assert axis("p", "-1..1:3").grid() == ["-1", "0", "1"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "needs values"),
        ("3..1", "from a smaller"),
        ("1s..2h", "the same unit"),
        ("1..3:1", "two values"),
    ],
)
def test_what_cannot_be_varied_is_refused(given: str, message: str):
    with pytest.raises(MlsimError, match=rf"--vary p: .*{message}.*\(got '{given}'\)"):
        axis("p", given)


def test_a_comma_inside_of_brackets_does_not_part_values():
    rate = axis("load.jobs.rate", "1/s*daily(0.3, 19h), 2/s")
    assert rate.grid() == ("1/s*daily(0.3, 19h)", "2/s")
    assert axis("faults", "[], [{kind: crash, at: 1h}]").grid() == ("[]", "[{kind: crash, at: 1h}]")


@pytest.mark.parametrize("given", [4, None, {"a": 1}])
def test_what_is_no_list_cannot_be_varied(given: object):
    with pytest.raises(MlsimError, match="--vary p: needs values"):
        axis("p", given)


def test_sobol_fills_the_square_more_evenly_than_chance():
    """Of 64 points each of 64 cells of 1/8 by 1/8 has exactly one: a (0, 6, 2)-net in base 2."""
    axes = [axis("a", "0..8"), axis("b", "0..8")]
    cells = {(int(float(p["a"])), int(float(p["b"]))) for p in points(axes, "sobol", 64)}
    assert len(cells) == 64
    by_chance = {(int(float(p["a"])), int(float(p["b"]))) for p in points(axes, "random", 64)}
    assert len(by_chance) < 55


def test_a_sweep_is_tidy(desk: Path):
    found = mlsim.sweep(
        desk,
        {"load.jobs.rate": ["0.3/s", "0.6/s"], "monitoring.rules.Down.for": ["1m", "5m"]},
        replications=3,
        measures=["outcome", "detected"],
    )
    assert list(found.runs.columns[:2]) == ["load.jobs.rate", "monitoring.rules.Down.for"]
    assert len(found.runs) == 4 * 3 * 3
    means = found.runs.groupby(["load.jobs.rate", "monitoring.rules.Down.for", "measure"])
    row = found.table.iloc[0]
    key = (row["load.jobs.rate"], row["monitoring.rules.Down.for"], row["measure"])
    assert row["mean"] == pytest.approx(means["value"].mean()[key])
    done = found.table.query("measure == 'outcome.jobs_done'").set_index(found.paths)["mean"]
    # Who watches changes nothing; more people come to the same desk.
    assert done["0.3/s", "1m"] == done["0.3/s", "5m"] < done["0.6/s", "1m"]


def test_a_recorded_run_is_judged_as_it_would_have_been(desk: Path):
    vary = {"monitoring.rules.Down.for": "1m..9m:3", "monitoring.rules.Busy.threshold": "0.5,0.9"}
    judged = mlsim.sweep(mlsim.load(desk).run(), vary)
    run_again = mlsim.sweep(desk, vary, replications=1)
    pd.testing.assert_frame_equal(judged.table, run_again.table)
    assert judged.table.query("measure == 'unnoticed.crash'")["mean"].nunique() > 1


def test_a_recorded_run_knows_nothing_of_another_system(desk: Path):
    with pytest.raises(MlsimError, match="a recorded run can only be watched in other ways"):
        mlsim.sweep(mlsim.load(desk).run(), {"load.jobs.rate": ["0.3/s"]})


def test_mistakes_at_all_points_are_told_before_anything_runs(desk: Path):
    with pytest.raises(MlsimError) as caught:
        mlsim.sweep(desk, {"load.job.rate": ["0.3/s"], "horizon": ["1h", "an hour"]})
    assert "load has no 'job' (did you mean 'jobs'?)" in str(caught.value)
