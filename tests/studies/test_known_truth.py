"""Studies of a small system whose truth is known in closed form."""

from collections.abc import Iterator

import numpy as np
import pytest

from mlsim.studies.differences import differences
from mlsim.studies.paired import replicate
from mlsim.studies.places import Work
from mlsim.studies.replication import replication
from mlsim.studies.variant import Variant, system_runs
from tests.worlds import loaded

MANY_DESKS = """
scenario: many_desks
history: 1min
horizon: 10min
load:
  jobs: {rate: RATE/s, enters: desk}
system:
  desk: {kind: server, workers: 60, service_time: exponential(mean=1s)}
flow:
  - desk
outcomes:
  done: {count: ok}
"""
STUDIES, RUNS = 200, 10


def done(findings) -> dict[str, float]:
    return {"done": float(findings.run.totals["done"].sum())}


class Here:
    """Does all work in this process: runs of 10 ms aren't worth a process each."""

    room = 1

    def __init__(self) -> None:
        self._jobs: dict[int, Work] = {}

    def submit(self, number: int, job: Work) -> None:
        self._jobs[number] = job

    def results(self) -> Iterator[tuple[int, object]]:
        for number, job in self._jobs.items():
            yield number, job(lambda _: None)

    def cancel(self) -> None:
        self._jobs = {}


@pytest.mark.long
def test_intervals_of_200_studies_contain_the_difference_of_two_poisson_streams():
    """As many jobs end as arrive: 600 s at 0.1/s more are 60 jobs more, on average."""
    variants = [Variant(rate, loaded(MANY_DESKS.replace("RATE", rate))) for rate in ("0.5", "0.6")]
    found = replicate(variants, range(RUNS * STUDIES), done, {"all"}, place=Here())
    inside, reductions = 0, []
    for _, runs in found.table.groupby(found.table["seed"] // RUNS):
        (row,) = differences(runs, "0.5").to_dict("records")
        inside += row["low"] <= 60 <= row["high"]
        reductions.append(row["variance_reduction"])
    assert 0.92 <= inside / STUDIES <= 0.98
    # The jobs of both come together: the difference is a Poisson variable of mean 60, where
    # independent runs would have one of variance 300 + 360.
    assert np.median(reductions) == pytest.approx(660 / 60, rel=0.25)


def test_the_jobs_of_both_rates_are_the_same_ones():
    """With common luck the difference varies by a Poisson variable of mean 60 alone."""
    variants = [Variant(rate, loaded(MANY_DESKS.replace("RATE", rate))) for rate in ("0.5", "0.6")]
    runs = system_runs(variants)
    counts = np.array(
        [
            [replication(run, seed, {"all"}, done, print)[0].measures["done"] for run in runs]
            for seed in range(40)
        ]
    )
    difference = counts[:, 1] - counts[:, 0]
    assert abs(difference.mean() - 60) < 4 * np.sqrt(60 / 40)
    assert difference.var(ddof=1) < 60 * 2.2 < 660 / 2
