"""No result depends on how a run is cut: into blocks, by ticks, by processes."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
import simpy

from mlsim.engine.arrivals import Arrivals, merge
from mlsim.engine.network import Client, Station
from tests.engine.runs import Recorded, exponential

STATIONS = [
    Station("a", workers=2, replicas=2, service=exponential(0.4), queue_limit=30),
    Station("b"),
    Station("c", workers=3, service=exponential(0.3)),
    Station("log"),
]
CLIENT = Client("phone", timeout=2.0, retries=2, backoff=0.5)
FLOW = ["phone -> a -> [b, c] -> phone", "c ~> log"]


def rate(times):
    return 6.0 + 0.0 * times


def decide(env: simpy.Environment, machine: object) -> Iterator[simpy.Event]:
    yield env.timeout(20.0)
    machine.crash("a", 1)
    yield env.timeout(3.0)
    machine.restart("a", 1)
    machine.scale("c", 2)
    machine.set_settings("c", 5)


def run(seed: int = 1, tick: float = 0.0, until: float = 100.0, **sizes: int) -> Recorded:
    arrivals = merge([Arrivals(rate, lambda a, b: 6.0, seed, "people", 0)])
    recorded = Recorded(FLOW, STATIONS, arrivals, CLIENT, seed, until=until, **sizes)
    return recorded.run(decide, tick=tick)


WHOLE = run()


@pytest.mark.parametrize(
    "sizes",
    [
        {"log_block": 1},
        {"log_block": 17},
        {"arrival_block": 1},
        {"arrival_block": 1 << 20},
        {"slots": 1},
        {"log_block": 3, "arrival_block": 5, "slots": 2},
    ],
    ids=str,
)
def test_sizes_of_blocks_and_pools_do_not_matter(sizes):
    recorded = run(**sizes)
    assert recorded.bytes() == WHOLE.bytes()


def test_tiny_blocks_are_really_tiny():
    assert len(run(log_block=1).visit_blocks) > 100


@pytest.mark.parametrize("tick", [0.037, 0.5, 1.0, 7.3])
def test_decisions_that_change_nothing_change_nothing(tick):
    """20.0 and 23.0 are the instants of the real decisions: ticks of 0.5 and 1.0 meet them."""
    assert run(tick=tick).bytes() == WHOLE.bytes()


def test_reading_the_logs_and_counters_changes_nothing():
    def reader(env: simpy.Environment, machine: object) -> Iterator[simpy.Event]:
        for _ in range(50):
            yield env.timeout(1.7)
            machine.flush()
            machine.counters("a")

    recorded = Recorded(
        FLOW,
        STATIONS,
        merge([Arrivals(rate, lambda a, b: 6.0, 1, "people", 0)]),
        CLIENT,
        1,
        until=100.0,
    ).run(decide, reader)
    assert recorded.bytes() == WHOLE.bytes()


def test_parts_of_time_run_one_after_the_other():
    """A run may stop at any instant and go on."""
    recorded = Recorded(
        FLOW,
        STATIONS,
        merge([Arrivals(rate, lambda a, b: 6.0, 1, "people", 0)]),
        CLIENT,
        1,
        until=100.0,
    )
    recorded.clock.process(decide(recorded.clock, recorded.network))
    for stop in (0.1, 20.0, 21.5, 60.0):
        recorded.clock.run(stop)
    assert recorded.run().bytes() == WHOLE.bytes()


def digest() -> str:
    return hashlib.blake2b(run(seed=4, until=30.0).bytes()).hexdigest()


@pytest.mark.parametrize("variables", [{}, {"NUMBA_DISABLE_JIT": "1"}], ids=["compiled", "plain"])
def test_same_seed_same_bytes_in_another_process(variables, monkeypatch):
    """Compiled there, or interpreted line by line as Python."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    program = "from tests.engine.test_blocks import digest; print(digest())"
    other = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == digest()


def test_another_seed_gives_other_numbers():
    assert run(seed=2).bytes() != WHOLE.bytes()


def test_a_change_elsewhere_leaves_draws_alone():
    """Each station draws from its own stream: a faster `c` leaves each service at `a` as it was."""
    stations = [*STATIONS[:2], replace(STATIONS[2], service=exponential(0.1)), STATIONS[3]]
    arrivals = Arrivals(rate, lambda a, b: 6.0, 1, "people", 0)
    other = Recorded(FLOW, stations, arrivals, CLIENT, 1, until=100.0).run(decide)

    def spent(recorded: Recorded) -> dict[tuple[int, int], float]:
        return {
            (who, attempt): round(end - start, 9)
            for who, attempt, name, _, _, _, start, end, _, _, outcome in recorded.visit_tuples()
            if name == "a" and outcome == "served"
        }

    mine, theirs = spent(WHOLE), spent(other)
    shared = mine.keys() & theirs.keys()
    assert len(shared) > 400
    assert all(mine[who] == theirs[who] for who in shared)
