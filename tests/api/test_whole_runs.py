"""Whole runs: what they depend on, which is the scenario and the seed, and nothing else."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import simpy

from mlsim import api
from mlsim.scenario.spec import Scenario
from mlsim.studies import world as one_world
from mlsim.system import simulation
from mlsim.system.simulation import System
from tests.worlds import CLINIC, COUNTER, World, loaded, written

SAME = ("summary.json", "alerts.csv", "detection.csv", "outcomes.csv", "telemetry.parquet")
TWO_LOADS = CLINIC.replace(
    "load:",
    "load:\n  visits: {rate: 0.02/s, of: person, enters: phone, each: check_up}",
)
LEARNING = TWO_LOADS.replace(
    "  telemetry: {kind: collector}",
    """  telemetry: {kind: collector}
  tests: {kind: feedback, reveals: infected, share: 0.5, delay: exponential(mean=6h)}
  nightly: {kind: trainer, model: risk_model, every: 8h, window: 2d, max_rows: 2000}""",
)
LEARNING += """
  - {kind: late_rows, at: 6h, component: telemetry, share: 0.4, delay: exponential(mean=2h)}
  - {kind: duplicated_rows, at: 9h, component: telemetry, share: 0.2, delay: exponential(mean=1h)}
"""


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("clinic"))


@pytest.fixture(scope="module")
def folder(scenario: Path) -> Path:
    """The run that others are compared with."""
    return api.load(scenario).run().write(scenario.parent / "reports")


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in SAME}


def rerun(path: Path, folder: Path, twin: bool = True) -> dict[str, bytes]:
    return contents(api.load(path).run(twin=twin).write(folder))


def test_the_same_seed_gives_the_same_bytes_in_another_process(
    scenario: Path, folder: Path, tmp_path: Path
):
    program = "from mlsim.cli import main; main()"
    command = [
        sys.executable,
        "-c",
        program,
        "run",
        str(scenario),
        "--quiet",
        "--out",
        str(tmp_path),
    ]
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    other = Path(ran.stdout.strip())
    assert contents(other) == contents(folder)
    assert (other / "report.html").read_bytes() == (folder / "report.html").read_bytes()
    pictures = {path.name: path.read_bytes() for path in (folder / "figures").iterdir()}
    assert pictures
    assert pictures == {path.name: path.read_bytes() for path in (other / "figures").iterdir()}


def test_wall_time_stands_in_run_json_alone(folder: Path):
    """The other files came out equal at another time: here is what differs."""
    origin = json.loads((folder / "run.json").read_text())
    assert origin["wall_s"] > 0
    assert origin["seed"] == 3
    assert origin["hash"] == json.loads((folder / "summary.json").read_text())["scenario"]["hash"]
    assert "wall" not in (folder / "summary.json").read_text()


def test_latest_points_to_the_newest_run(scenario: Path, folder: Path):
    latest = scenario.parent / "reports" / "latest"
    assert latest.resolve() == folder
    newer = api.load(scenario).run(twin=False).write(scenario.parent / "reports")
    assert latest.resolve() == newer
    hidden = [path.name for path in newer.parent.iterdir() if path.name.startswith(".")]
    assert hidden == []


def test_another_seed_gives_other_numbers(scenario: Path, folder: Path, tmp_path: Path):
    other = contents(api.load(scenario).run(seed=4).write(tmp_path))
    mine = contents(folder)
    for name in ("summary.json", "outcomes.csv", "telemetry.parquet"):
        assert other[name] != mine[name]


@pytest.mark.parametrize(
    "text", [CLINIC, LEARNING], ids=["one load", "two loads, late labels and late rows"]
)
def test_the_size_of_blocks_changes_nothing(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = written(tmp_path, text)
    whole = rerun(path, tmp_path / "whole", twin=False)
    monkeypatch.setattr(simulation, "BLOCK", 997)
    assert rerun(path, tmp_path / "cut", twin=False) == whole


class Ticking(System):
    """A system with a process that looks at the clock, and does nothing."""

    interval = 1.0

    def __init__(self, scenario: Scenario, seed: int):
        super().__init__(scenario, seed)
        self.clock.process(self._tick())

    def _tick(self) -> Iterator[simpy.Event]:
        while True:
            yield self.clock.timeout(self.interval)


@pytest.mark.parametrize("interval", [47.3, 600.0, 86400.0])
def test_a_process_that_only_ticks_changes_nothing(
    interval: float, scenario: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Ticking, "interval", interval)
    monkeypatch.setattr(one_world, "System", Ticking)
    assert rerun(scenario, tmp_path) == contents(folder)


def test_the_smallest_scenario_waits_as_erlang_c_says():
    """M/M/3 with 2.4 erlang; the confidence interval comes from 48 batches of half an hour."""
    offered, workers = 2.4, 3
    last = offered**workers / math.factorial(workers) / (1 - offered / workers)
    below = sum(offered**k / math.factorial(k) for k in range(workers))
    expected = last / (below + last) / (workers - offered)
    visits = World(loaded(COUNTER)).visits
    batch = (visits.arrival / 1800).astype(int)
    waits = np.bincount(batch, visits.start - visits.arrival) / np.bincount(batch)
    error = waits.std(ddof=1) / math.sqrt(waits.size)
    assert abs(waits.mean() - expected) < 3.3 * error
    assert error < 0.15 * expected


def test_the_smallest_scenario_says_the_same_in_its_summary():
    run = api.Scenario(loaded(COUNTER), None).run()
    visits = World(loaded(COUNTER)).visits
    [desk] = run.summary["components"]
    assert desk["mean_s"] == pytest.approx((visits.end - visits.arrival).mean(), rel=1e-6)
    assert desk["utilisation"] == pytest.approx(0.8, abs=0.03)
    assert run.summary["requests"]["ok"] == visits.request.size
    assert run.summary["faults"] == []
    assert run.outcomes.empty
    assert run.alerts.empty
