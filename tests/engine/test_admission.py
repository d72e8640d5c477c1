"""Limits at the door, shedding, cold replicas, draining and cut connections, by hand and by law."""

import math
from dataclasses import replace

import numpy as np
import pytest

from mlsim.engine.network import Balancing, Client, Service, Station
from mlsim.engine.routes import Cut
from tests.engine.runs import Fixed, Recorded, exponential, poisson
from tests.engine.test_laws import assert_mean

DESK = Station("a", 1, service=Service(a=1.0))


def outcomes(spec: Station, times: list[float]) -> list[int]:
    visits = Recorded(["a"], [spec], Fixed(np.array(times))).run().visits
    return visits.outcome[np.argsort(visits.request, kind="stable")].tolist()


def test_a_bucket_lets_a_burst_in_and_then_the_rate():
    spec = Station("a", rate=2.0, burst=3)
    times = [5.0] * 5 + [5.5, 5.6, 6.0, 6.4, 9.0, 9.0, 9.0, 9.0]
    assert outcomes(spec, times) == [0, 0, 0, 1, 1, 0, 1, 0, 1, 0, 0, 0, 1]


@pytest.mark.parametrize("gap", [0.1, 0.3, 1 / 3, 0.7])
def test_who_keeps_to_the_rate_is_never_rejected(gap):
    times = np.cumsum(np.full(1000, gap)).tolist()
    assert sum(outcomes(Station("a", rate=1 / gap), times)) == 0


def test_a_bucket_of_one_lets_in_what_an_idle_line_would():
    """With burst 1, whoever is let in closes the door for 1 / rate: a loss system, M/D/1/1."""
    visits = Recorded(["a"], [Station("a", rate=2.0)], poisson(3.0, 100_000)).run().visits
    assert_mean((visits.outcome == 1).astype(float), 3.0 / 2.0 / (1 + 3.0 / 2.0))


def test_a_limit_of_concurrency_is_erlangs_loss_system():
    """Erlang B, 5 inside at most: unlimited workers, load 4."""
    spec = Station("a", service=exponential(1.0), concurrency=5)
    visits = Recorded(["a"], [spec], poisson(4.0, 100_000)).run().visits
    order = np.argsort(visits.arrival, kind="stable")
    terms = [4.0**k / math.factorial(k) for k in range(6)]
    assert_mean((visits.outcome == 1).astype(float)[order], terms[-1] / sum(terms))


def test_shedding_begins_when_the_first_in_line_has_waited_too_long():
    spec = replace(DESK, sheds_above=1.5)
    # At 1.4 s the second has waited for 0.4 s of its 1.0 s; at 1.6 s the third for 1.6 s.
    assert outcomes(spec, [0.0, 0.0, 0.0, 1.4, 1.6, 2.1]) == [0, 0, 0, 0, 1, 0]


@pytest.mark.parametrize("rate", [0.7, 1.2, 3.0])
def test_shedding_is_that_of_a_plain_program(rate):
    """One worker, a line in a list: who comes looks at how long its first has waited."""
    arrivals, free, line, expected = poisson(rate, 2000), 0.0, [], []
    for time in arrivals.times.tolist():
        while line and free <= time:
            free = max(free, line.pop(0)) + 1.0
        is_let_in = not line or time - line[0] <= 2.5
        expected.append(0 if is_let_in else 1)
        if is_let_in and free <= time:
            free = time + 1.0
        elif is_let_in:
            line.append(time)
    found = outcomes(replace(DESK, sheds_above=2.5), arrivals.times.tolist())
    assert found == expected
    assert set(found) == {0, 1}


def test_a_replica_is_cold_after_a_restart_and_not_before():
    recorded = Recorded(
        ["a"],
        [replace(DESK, cold_services=2, coldness=3.0)],
        Fixed(np.array([0.0, 2.0] + [9.0] * 3)),
    )
    recorded.network.advance(5.0)
    recorded.network.restart("a", 0)  # it runs already
    recorded.network.crash("a", 0)
    recorded.network.restart("a", 0)
    visits = recorded.run().visits
    assert visits.end.tolist() == [1.0, 3.0, 12.0, 15.0, 16.0]


def test_replicas_that_are_added_are_cold():
    spec = replace(DESK, cold_services=1, coldness=3.0)
    recorded = Recorded(["a"], [spec], Fixed(np.zeros(4)))
    recorded.network.advance(0.5)
    recorded.network.scale("a", 2)
    visits = recorded.run().visits
    assert sorted(zip(visits.replica.tolist(), visits.end.tolist(), strict=True)) == [
        (0, 1.0), (0, 2.0), (0, 3.0), (1, 3.5)
    ]  # fmt: skip


@pytest.mark.parametrize("balancing", [None, Balancing.ROUND_ROBIN])
def test_a_replica_that_drains_finishes_and_gets_nothing_more(balancing):
    spec = replace(DESK, replicas=2, balancing=balancing)
    recorded = Recorded(["a"], [spec], Fixed(np.array([0.0, 0.0, 0.0, 0.0, 0.6])))
    network = recorded.network
    network.advance(0.5)
    network.drain("a", 1)
    assert not network.has_drained("a", 1)
    network.advance(1.5)
    assert network.has_drained("a", 1) == (balancing is None)
    visits = recorded.run().visits
    assert network.has_drained("a", 1)
    served = (visits.replica == 1).sum()
    assert served == (1 if balancing is None else 2)
    assert set(visits.outcome.tolist()) == {0}


TWO = [Station("a"), Station("b", 1, service=Service(a=1.0))]
FLOW = ["phone -> a -> b -> phone"]


def cut(stations: list[Station], how: Cut, client: Client) -> Recorded:
    recorded = Recorded(FLOW, stations, Fixed(np.array([0.0, 1.0, 3.5])), client)
    recorded.network.advance(0.5)
    recorded.network.cut("a", "b", how)
    recorded.network.advance(3.0)
    recorded.network.cut("a", "b", Cut.REACHES)
    recorded.run()
    assert not recorded.network._state.attempts["references"].any()
    assert not recorded.network._state.requests["references"].any()
    return recorded


@pytest.mark.parametrize(
    ("station", "client", "how", "ends", "outcome"),
    [
        (TWO[1], Client("phone", timeout=1.5), Cut.GETS_LOST, 2.5, 1),
        (TWO[1], Client("phone", timeout=1.5), Cut.IS_REFUSED, 1.0, 2),
        (TWO[1], Client("phone"), Cut.GETS_LOST, 1.0, 3),
        (replace(TWO[1], timeout=1.2), Client("phone"), Cut.GETS_LOST, 2.2, 1),
        (replace(TWO[1], timeout=1.2, optional=True), Client("phone"), Cut.GETS_LOST, 2.2, 0),
    ],
)
def test_a_call_that_gets_lost_is_waited_for_until_somebody_gives_up(
    station, client, how, ends, outcome
):
    requests = cut([TWO[0], station], how, client).requests
    order = np.argsort(requests.request)
    assert requests.outcome[order].tolist() == [0, outcome, 0]
    assert requests.end[order].tolist() == [1.0, ends, 4.5]


def test_a_cut_elsewhere_cuts_nothing():
    recorded = Recorded(FLOW, TWO, Fixed(np.zeros(3)), Client("phone"))
    recorded.network.cut("b", "a", Cut.GETS_LOST)
    recorded.network.cut("phone", "b", Cut.GETS_LOST)
    assert recorded.run().requests.outcome.tolist() == [0, 0, 0]


def test_what_stands_behind_a_fork_is_called_from_before_it():
    stations = [Station(name) for name in "abcd"]
    recorded = Recorded(["a -> [b, c] -> d"], stations, Fixed(np.zeros(1)))
    recorded.network.cut("a", "c", Cut.IS_REFUSED)
    recorded.network.cut("a", "d", Cut.IS_REFUSED)
    recorded.run()
    hops = recorded.network._state.hops
    assert hops["station"][hops["cut"] > 0].tolist() == [2]
    assert recorded.requests.outcome.tolist() == [2]
