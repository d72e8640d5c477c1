"""Paired replications: who shares what, what is kept, and what happens when one fails."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import mlsim
from mlsim.measures.findings import Findings
from mlsim.measures.headline import headline
from mlsim.studies.given import variants_of
from mlsim.studies.paired import replicate
from mlsim.studies.places import Work
from mlsim.studies.store import ReplicationStore
from mlsim.studies.variant import system_runs


class Here:
    """A place where work is done at once, in this process, and counted."""

    room = 1

    def __init__(self) -> None:
        self.waiting: list[tuple[int, Work]] = []
        self.done = 0

    def submit(self, number: int, job: Work) -> None:
        self.waiting.append((number, job))

    def results(self) -> Iterator[tuple[int, Any]]:
        while self.waiting:
            number, job = self.waiting.pop(0)
            self.done += 1
            try:
                yield number, job(lambda done: None)
            except Exception as error:
                yield number, error

    def cancel(self) -> None:
        self.waiting.clear()


def failing_for_13(findings: Findings) -> dict[str, float]:
    if findings.seed == 13:
        raise ValueError("the number is unlucky")
    return headline(findings)


def test_a_replication_is_the_run_of_its_seed(desk: Path):
    found = replicate(variants_of(desk, {"as it is": None}), [11, 12], place=Here())
    for seed in (11, 12):
        run = mlsim.load(desk).run(seed=seed)
        own = found.table[found.table["seed"] == seed].set_index("measure")["value"]
        totals = run.outcomes.query("world == 'all'").groupby("outcome")[["run", "difference"]]
        for outcome, row in totals.sum().iterrows():
            assert own[f"outcome.{outcome}"] == pytest.approx(row["run"], rel=1e-12)
            assert own[f"harm.{outcome}"] == pytest.approx(row["difference"], rel=1e-9)
        noticed = run.summary["faults"][0]["detected"]
        assert own["detected.crash"] == 1
        assert own["unnoticed.crash"] == noticed["time_to_detect_s"]


def test_passive_variants_share_a_run_and_are_judged_as_if_each_had_its_own(desk: Path):
    files = {"watch": desk.parent / "watch.yml", "slow": desk.parent / "slow.yml"}
    variants = variants_of(desk, files)
    place = Here()
    together = replicate(variants, [11, 12], place=place)
    assert place.done == 2
    apart = [replicate([variant], [11, 12], place=Here()).table for variant in variants]
    pd.testing.assert_frame_equal(together.table, pd.concat(apart, ignore_index=True))
    detected = together.table.query("measure == 'detected.crash'")
    assert detected.groupby("variant")["value"].sum().to_dict() == {"slow": 0, "watch": 2}


def test_another_system_or_scrape_interval_needs_a_run_of_its_own(desk: Path):
    (desk.parent / "often.yml").write_text("scrape_interval: 15s\n")
    given = {"a": None, "b": {"load.jobs.rate": "0.4/s"}, "c": desk.parent / "often.yml"}
    assert len(system_runs(variants_of(desk, given))) == 3


def test_a_failed_replication_is_reported_with_the_command_that_repeats_it(desk: Path):
    variants = variants_of(desk, {"quick": {"horizon": "90min"}})
    found = replicate(variants, [12, 13, 14], failing_for_13, place=Here())
    assert sorted(found.table["seed"].unique()) == [12, 14]
    (failure,) = found.failures
    assert failure.error == "ValueError: the number is unlucky"
    assert failure.command == (
        f"mlsim run {desk} --seed 13 --set horizon=90min --monitoring {desk.parent / 'watch.yml'}"
    )


def test_the_table_is_the_same_wherever_and_in_whatever_order_work_is_done(desk: Path):
    variants = variants_of(desk, {"a": None, "b": {"load.jobs.rate": "0.4/s"}})
    side_by_side = replicate(variants, [11, 12, 13])
    pd.testing.assert_frame_equal(
        side_by_side.table, replicate(variants, [11, 12, 13], place=Here()).table
    )


def test_it_stops_at_the_first_replication_that_is_enough(desk: Path):
    variants = variants_of(desk, {"a": None, "b": {"load.jobs.rate": "0.4/s"}})
    found = replicate(variants, range(11, 31), enough=lambda so_far: len(so_far.seeds) >= 3)
    assert found.seeds == (11, 12, 13)
    assert sorted(found.table["seed"].unique()) == [11, 12, 13]


@pytest.fixture
def stored(desk: Path, tmp_path: Path) -> Callable[..., int]:
    """Runs a study with a store, and gives how many runs of a system it took."""

    def run(change: dict[str, str] | Path | None, seeds: list[int]) -> int:
        store, place = ReplicationStore(tmp_path / "kept" / "store.sqlite"), Here()
        replicate(variants_of(desk, {"it": change}), seeds, store=store, place=place)
        store.close()
        return place.done

    return run


def test_what_is_kept_is_not_run_again(stored: Callable[..., int], desk: Path):
    assert stored(None, [11, 12]) == 2
    assert stored(None, [11, 12, 13]) == 1
    # Only where files lie and how they are laid out is another.
    (desk.parent / "rules.yml").write_text("# a word\n" + (desk.parent / "rules.yml").read_text())
    assert stored(None, [11, 12, 13]) == 0


def test_whatever_determines_a_replication_makes_it_another(stored: Callable[..., int], desk: Path):
    assert stored(None, [11]) == 1
    assert stored({"load.jobs.rate": "0.4/s"}, [11]) == 1
    assert stored(desk.parent / "slow.yml", [11]) == 1
    rules = desk.parent / "rules.yml"
    rules.write_text(rules.read_text().replace("0.55", "0.6"))
    assert stored(None, [11]) == 1


def test_a_kept_replication_gives_the_same_table_to_the_last_bit(desk: Path, tmp_path: Path):
    variants = variants_of(desk, {"it": None})
    tables = []
    for _ in range(2):
        store = ReplicationStore(tmp_path / "store.sqlite")
        tables.append(replicate(variants, [11, 12], store=store, place=Here()).table)
        store.close()
    assert tables[0].to_csv() == tables[1].to_csv()
