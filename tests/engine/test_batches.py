"""Batches against a plain SimPy program, and by hand where batches go wrong."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import simpy

from mlsim.engine.draws import Distribution, sample, stream
from mlsim.engine.network import Client, Service, Station
from tests.engine.runs import Fixed, Recorded, exponential, poisson

GPU = Station("gpu", 1, service=exponential(0.2), batch=4, batch_wait=0.15, per_item=0.03)


def served_in_batches(arrivals: Fixed, gpu: Station, seed: int) -> list[tuple[float, float]]:
    """Start and end by request, as one worker who looks at his line would have them."""
    env, line, out = simpy.Environment(), [], {}
    draws = sample(
        stream(seed, "service/gpu"), arrivals.ids, Distribution.EXPONENTIAL, gpu.service.a
    )
    came = [env.event()]

    def source() -> Iterator[simpy.Event]:
        for time, who in zip(arrivals.times.tolist(), arrivals.ids.tolist(), strict=True):
            yield env.timeout(time - env.now)
            line.append((who, time + gpu.batch_wait))
            came.append(env.event())
            came[-2].succeed()

    def worker() -> Iterator[simpy.Event]:
        while True:
            while not line:
                yield came[-1]
            while len(line) < gpu.batch and env.now < line[0][1]:
                yield came[-1] | env.timeout(line[0][1] - env.now)
            batch, line[:] = line[: gpu.batch], line[gpu.batch :]
            start, first = env.now, batch[0][0]
            yield env.timeout(draws[first] + (len(batch) - 1) * gpu.per_item)
            out.update({who: (start, env.now) for who, _ in batch})

    env.process(source())
    env.process(worker())
    env.run(until=1e6)
    return [out[who] for who in range(len(out))]


@pytest.mark.parametrize("rate", [1.0, 6.0, 13.0, 30.0])
def test_batches_begin_and_end_as_in_simpy(rate):
    arrivals = poisson(rate, 600)
    visits = Recorded(["gpu"], [GPU], arrivals, slots=1).run().visits
    order = np.argsort(visits.request, kind="stable")
    mine = np.column_stack([visits.start, visits.end])[order]
    np.testing.assert_allclose(mine, served_in_batches(arrivals, GPU, 0), atol=1e-9, rtol=0)


AT_ONCE = Fixed(np.zeros(10))
SLOW = replace(GPU, service=Service(a=1.0), replicas=2, per_item=0.5)


def test_full_batches_begin_at_once_and_the_rest_waits():
    """Two workers take four each at 0 s, and the last two after the first worker is done."""
    visits = Recorded(["gpu"], [SLOW], AT_ONCE).run().visits
    assert visits.end.tolist() == [2.5] * 8 + [4.0] * 2
    assert visits.replica.tolist() == [0] * 4 + [1] * 4 + [0] * 2


def test_a_crash_loses_the_whole_batch_and_only_that():
    recorded = Recorded(["gpu"], [SLOW], AT_ONCE)
    recorded.network.advance(1.0)
    recorded.network.crash("gpu", 0)
    visits = recorded.run().visits
    assert visits.end.tolist() == [1.0] * 4 + [2.5] * 4 + [4.0] * 2
    assert visits.outcome.tolist() == [2] * 4 + [0] * 6
    assert not recorded.network._state.attempts["references"].any()


def test_a_batch_goes_on_without_who_is_cancelled():
    client = Client("phone", timeout=2.0, cancels=True)
    recorded = Recorded(["phone -> gpu -> phone"], [SLOW], Fixed(np.zeros(7)), client).run()
    visits = recorded.visits
    assert visits.end.tolist() == [2.0] * 7
    assert visits.outcome.tolist() == [6] * 7
    assert recorded.network.counters("gpu").in_service == (0, 0)
    assert not recorded.network._state.attempts["references"].any()


def test_a_crash_takes_a_batch_of_which_somebody_was_cancelled():
    """Its end frees no worker: the worker is gone."""
    client = Client("phone", timeout=2.0, cancels=True)
    recorded = Recorded(["phone -> gpu -> phone"], [SLOW], Fixed(np.zeros(7)), client)
    recorded.network.advance(2.0)
    recorded.network.crash("gpu", 0)
    recorded.run()
    assert recorded.network.counters("gpu").in_service == (0, 0)
