"""Any small system, from its scenario file on: equal to the oracle, and lawful in itself."""

import gc
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings

import mlsim
from mlsim.engine.network import Counters, Network
from mlsim.engine.tables import Visits
from mlsim.scenario.document import read as document_of
from mlsim.scenario.load import completed, examined, load
from mlsim.scenario.spec import Scenario
from mlsim.system.simulation import System
from tests.engine.lived import Life
from tests.engine.oracle import Oracle
from tests.engine.systems import Written, anything, systems

HABITS = {
    "deadline": None,
    "derandomize": True,
    "phases": (Phase.generate, Phase.shrink),
    "suppress_health_check": list(HealthCheck),
}


@pytest.fixture(autouse=True, scope="module")
def what_was_kept_may_go() -> Iterator[None]:
    yield
    gc.unfreeze()
    give_back_memory()


def read(written: Written) -> Scenario:
    """The scenario, from a file that is left behind: the last one is the one that failed."""
    give_back_memory()
    return load(file_of(written))


def give_back_memory() -> None:
    """That of the system before; what outlives it (the kernel, modules) isn't looked at again."""
    gc.collect()
    gc.freeze()


def file_of(written: Written) -> Path:
    folder = Path(tempfile.gettempdir()) / f"mlsim-any-system-{os.getpid()}"
    folder.mkdir(exist_ok=True)
    path = written.to(folder)
    note(f"the scenario is {path}")
    return path


def assert_equal(mine: Life, truth: Life) -> None:
    mine, truth = mine.whole(), truth.whole()
    assert mine.keys() == truth.keys()
    for what in truth:
        assert mine[what] == truth[what], what


@settings(max_examples=300, **HABITS)
@given(systems())
def test_kernel_and_oracle_agree(written: Written):
    """To the bit and in the same order: visits, ends, rows at sinks, replicas, counters."""
    scenario = read(written)
    assert_equal(Life(scenario), Life(scenario, Oracle))


OTHERWISE = {
    "retries": 3,
    "queue_limit": 0,
    "patience": "1ms",
    "sheds_above": "1ms",
    "priority": "floor(5 * x)",
}
"""Other values of keys, which no key may have that does something."""


@settings(max_examples=60, **HABITS)
@given(anything().filter(Written.idle))
def test_keys_that_are_refused_as_idle_would_do_nothing(written: Written):
    """Whatever their values, everything happens just so; visits only note their priority."""
    given_, other = (
        Life(completed(replace(examined(document_of(file_of(one))), problems=())))
        for one in (written, written.with_keys(written.idle(), OTHERWISE))
    )
    for life in (given_, other):
        place = Visits._fields.index("priority")
        visits = life.log.rows["visits"]
        life.log.rows["visits"] = [(*v[:place], *v[place + 1 :]) for v in visits]
    assert_equal(given_, other)


@pytest.mark.long
@settings(max_examples=3000, **HABITS)
@given(systems())
def test_kernel_and_oracle_agree_on_many(written: Written):
    scenario = read(written)
    assert_equal(Life(scenario), Life(scenario, Oracle))


@settings(max_examples=40, **HABITS)
@given(systems())
def test_idle_ticks_and_cuts_into_blocks_change_nothing(written: Written):
    def cut(**arguments: Any) -> Network:
        sizes = {"log_block": 3, "arrival_block": 2, "slots": 1}
        return Network(**{**arguments, **sizes})

    scenario = read(written)
    whole = Life(scenario)
    assert_equal(Life(scenario, tick=0.125), whole)
    assert_equal(Life(scenario, cut, tick=0.37, at_tick=lambda s: s.network.flush()), whole)


@settings(max_examples=40, **HABITS)
@given(systems())
def test_everybody_is_somewhere_exactly_once(written: Written):
    """Who came to a station has left it once, or is there; who came at all has one end at most."""
    life = Life(read(written))
    left = Counter(visit[Visits._fields.index("station")] for visit in life.log.rows["visits"])
    there = Counter(visit[Visits._fields.index("station")] for visit in life.under_way)
    for name in life.stations:
        counters, k = life.system.network.counters(name), life.system.network.index(name)
        assert counters.arrived == left[k] + there[k]
        assert number_there(counters) == there[k]
    ends = Counter(row[0] for row in life.ends)
    assert set(ends.values()) <= {1}
    network = life.system.network
    _, came = network._arrivals.between(0.0, life.system.scenario.horizon)
    slots = network._state.requests
    open_still = Counter(slots["id"][slots["references"] > 0].tolist())
    assert set(open_still.values()) <= {1}
    assert set(came.tolist()) <= ends.keys() | open_still.keys()


@settings(max_examples=40, **HABITS)
@given(systems())
def test_number_at_a_station_is_who_has_come_and_not_left(written: Written):
    """At every instant, which is what Little's law rests on; so time means are equal, too."""
    seen: list[tuple[float, str, int]] = []

    def look(system: System) -> None:
        for name in system.replicas:
            there = number_there(system.network.counters(name))
            seen.append((system.clock.now, name, there))

    life = Life(read(written), tick=0.31, at_tick=look)
    index, visits = life.system.network.index, [*life.log.rows["visits"], *life.under_way]
    for now, name, there in seen:
        at = [row for row in visits if row[2] == index(name)]
        assert there == sum(arrival <= now < end for *_, arrival, _, end, _, _, _ in at)


@settings(max_examples=40, **HABITS)
@given(systems())
def test_no_effect_comes_before_its_cause(written: Written):
    life = Life(read(written))
    ends = [end for *_, end, _, _, _ in life.log.rows["visits"]]
    assert ends == sorted(ends)
    for *_, arrival, start, end, _, _, _ in life.log.rows["visits"]:
        assert arrival <= start <= end
    for *_, arrival, sent, end, _, _, _ in life.ends:
        assert arrival <= sent <= end


@settings(max_examples=2, **HABITS)
@given(systems().filter(lambda written: len(written.document["faults"]) > 1))
def test_one_process_or_two_give_the_same(written: Written):
    def frames(processes: int) -> list[str]:
        with patch("os.cpu_count", return_value=processes):
            run = mlsim.load(file_of(written)).run(record=["requests", "visits"])
        tables = (run.requests, run.visits, run.metrics, run.twin.requests, run.outcomes)
        return [table.to_csv() for table in tables]

    assert frames(1) == frames(2)


def test_a_copy_may_be_sent_to_a_component_that_is_no_collector(tmp_path: Path):
    """Nobody reads its rows, but it has visits like any other."""
    path = tmp_path / "audited.yaml"
    path.write_text(
        "{scenario: audited, horizon: 10s, load: {jobs: {rate: 2/s, enters: desk}},"
        "system: {desk: {kind: server}, audit: {kind: server}}, flow: [desk, desk ~> audit]}"
    )
    visits = mlsim.load(path).run(record="visits").visits
    assert (visits.component == "audit").sum() == len(visits) / 2 > 0


def number_there(seen: Counters) -> int:
    """Who has come to a station and not left it."""
    left = (seen.served, seen.rejected, seen.lost, seen.failed, seen.expired, seen.timed_out)
    return seen.arrived - sum(left) - seen.cancelled
