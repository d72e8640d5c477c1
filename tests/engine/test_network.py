"""What a network says of itself, takes from decisions, and refuses."""

import math

import numpy as np
import pytest

from mlsim.engine.arrivals import LOAD_SHIFT
from mlsim.engine.draws import Distribution, sample, stream
from mlsim.engine.network import Client, Service, Station
from mlsim.engine.routes import RouteError
from tests.engine.runs import Fixed, Recorded, exponential

AT_ONCE = Fixed(np.zeros(6))


def six(station: Station, flow: str = "a", client: Client | None = None) -> Recorded:
    """Six requests that arrive at time 0 and have moved by then."""
    recorded = Recorded([flow], [station], AT_ONCE, client)
    recorded.network.advance(0.0)
    return recorded


def test_the_lowest_replica_with_an_idle_worker_serves():
    recorded = six(Station("a", 2, replicas=2, service=Service(a=1.0)))
    assert recorded.network.counters("a").in_service == (2, 2)
    assert recorded.network.counters("a").waiting == 2
    recorded.run()
    assert recorded.visits.replica.tolist() == [0, 0, 1, 1, 0, 0]


def test_simultaneous_arrivals_are_served_in_the_order_of_their_ids():
    recorded = six(Station("a", 1, service=Service(a=1.0))).run()
    assert recorded.visits.request.tolist() == [0, 1, 2, 3, 4, 5]
    assert recorded.visits.end.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_a_station_without_service_time_is_passed_in_no_time_but_logged():
    recorded = six(Station("a"))
    recorded.network.set_settings("a", 3)
    recorded.network.flush()
    visits = recorded.visits
    assert visits.request.size == 6
    assert not np.concatenate([visits.arrival, visits.start, visits.end]).any()
    assert recorded.requests.stamps.tolist() == [[0]] * 6


def test_unlimited_workers_never_wait():
    recorded = six(Station("a", service=Service(a=2.0))).run()
    assert recorded.visits.end.tolist() == [2.0] * 6


def test_a_visit_is_stamped_when_its_service_starts():
    """Settings and service time change for what starts, not for what is under way."""
    recorded = six(Station("a", 3, service=Service(a=2.0)))
    recorded.network.advance(1.0)
    recorded.network.set_settings("a", 9)
    recorded.network.set_service("a", Service(a=5.0))
    recorded.run()
    assert recorded.visits.settings.tolist() == [0, 0, 0, 9, 9, 9]
    assert recorded.visits.end.tolist() == [2.0, 2.0, 2.0, 7.0, 7.0, 7.0]
    assert recorded.requests.stamps[:, 0].tolist() == [0, 0, 0, 9, 9, 9]


def test_a_client_stamps_what_it_sends():
    client = Client("phone", timeout=1.5, retries=1, backoff=1.0)
    recorded = six(Station("a", 6, service=Service(a=2.0)), "phone -> a -> phone", client)
    recorded.network.advance(1.0)
    recorded.network.set_settings("phone", 4)
    recorded.network.set_service("a", Service(a=0.1))
    recorded.run()
    column = recorded.network.index("phone")
    assert recorded.requests.stamps[:, column].tolist() == [4] * 6
    assert recorded.requests.answer.tolist() == [1] * 6


def test_without_an_answer_there_are_no_stamps():
    client = Client("phone", timeout=1.0)
    recorded = six(Station("a", 6, service=Service(a=2.0)), "phone -> a -> phone", client).run()
    assert recorded.requests.outcome.tolist() == [1] * 6
    assert np.all(recorded.requests.stamps == -1)
    assert np.all(recorded.requests.answer == -1)


def test_an_answer_at_the_instant_of_the_timeout_counts():
    client = Client("phone", timeout=2.0)
    recorded = six(Station("a", 6, service=Service(a=2.0)), "phone -> a -> phone", client).run()
    assert recorded.requests.outcome.tolist() == [0] * 6


def test_a_crash_loses_what_is_in_service_and_keeps_the_line():
    recorded = six(Station("a", 2, service=Service(a=2.0)))
    recorded.network.advance(1.0)
    recorded.network.crash("a", 0)
    recorded.network.advance(5.0)
    counters = recorded.network.counters("a")
    assert (counters.lost, counters.waiting, counters.in_service) == (2, 4, (0,))
    recorded.network.restart("a", 0)
    recorded.run()
    assert recorded.requests.outcome.tolist() == [3, 3, 0, 0, 0, 0]
    assert recorded.requests.end.tolist() == [1.0, 1.0, 7.0, 7.0, 9.0, 9.0]


@pytest.mark.parametrize("load", [0, 62, 63])
def test_a_service_time_is_the_draw_of_its_request_whichever_load_that_is_of(load):
    """Draws are made ahead by a set of loads, which has a bit for each of 64."""
    station = Station("a", 1, service=exponential(1.0))
    arrivals = Fixed(np.array([1.0]))
    arrivals.ids = np.array([load << LOAD_SHIFT])
    entries = dict.fromkeys(range(load + 1), "a")
    recorded = Recorded(["a"], [station], arrivals, entries=entries).run()
    took = sample(stream(0, "service/a"), arrivals.ids, Distribution.EXPONENTIAL, 1.0)
    assert recorded.visits.end - recorded.visits.start == pytest.approx(took, rel=1e-12)


def test_crashing_twice_or_restarting_what_runs_changes_nothing():
    recorded = six(Station("a", 2, service=Service(a=2.0)))
    recorded.network.restart("a", 0)
    recorded.network.crash("a", 0)
    recorded.network.crash("a", 0)
    recorded.network.restart("a", 0)
    recorded.network.restart("a", 0)
    recorded.run()
    assert recorded.requests.outcome.tolist() == [3, 3, 0, 0, 0, 0]


def test_replicas_that_are_scaled_away_finish_what_they_have():
    recorded = six(Station("a", 1, replicas=3, service=Service(a=2.0)))
    recorded.network.advance(1.0)
    recorded.network.scale("a", 1)
    recorded.run()
    assert recorded.visits.replica.tolist() == [0, 1, 2, 0, 0, 0]
    assert recorded.visits.end.tolist() == [2.0, 2.0, 2.0, 4.0, 6.0, 8.0]


def test_new_replicas_take_from_the_line_at_once():
    recorded = six(Station("a", 1, service=Service(a=2.0)))
    recorded.network.advance(1.0)
    recorded.network.scale("a", 6)
    recorded.run()
    assert recorded.visits.end.tolist() == [2.0, 3.0, 3.0, 3.0, 3.0, 3.0]
    assert recorded.visits.replica.tolist() == [0, 1, 2, 3, 4, 5]


def test_visits_may_stay_unlogged():
    recorded = Recorded(["a"], [Station("a")], AT_ONCE, visits=False).run()
    assert recorded.visit_blocks == []
    assert recorded.requests.request.size == 6


def test_columns_handed_out_are_not_written_again():
    recorded = Recorded(["a"], [Station("a", 1, service=Service(a=1.0))], AT_ONCE, log_block=1)
    recorded.run()
    assert [block.request.tolist() for block in recorded.visit_blocks] == [[k] for k in range(6)]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Station("a", 0), r"station 'a': needs workers >= 1 \(got 0\)"),
        (lambda: Station("a", replicas=0), r"station 'a': needs replicas >= 1 \(got 0\)"),
        (lambda: Station("a", queue_limit=-1), r"needs queue_limit >= 0 \(got -1\)"),
        (lambda: Client("p", timeout=0.0), r"client 'p': needs timeout > 0 \(got 0.0\)"),
        (lambda: Client("p", timeout=math.nan), r"client 'p': needs timeout > 0"),
        (lambda: Client("p", retries=-1), r"client 'p': needs retries >= 0"),
        (lambda: Client("p", backoff=math.inf), r"and a finite backoff >= 0"),
    ],
)
def test_refuses_what_makes_no_sense(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_refuses_to_drain_arrivals_without_an_end():
    with pytest.raises(ValueError, match="give the network an `until`"):
        Recorded(["a"], [Station("a")], AT_ONCE, until=math.inf).run()


def test_refuses_a_flow_that_goes_round():
    with pytest.raises(RouteError, match="a -> b -> a"):
        Recorded(["a -> b", "b -> a"], [Station("a"), Station("b")], AT_ONCE)


@pytest.mark.parametrize(
    "decide",
    [
        lambda network: network.crash("a", 3),
        lambda network: network.restart("a", -1),
        lambda network: network.scale("a", -1),
        lambda network: network.crash("phone", 0),
        lambda network: network.counters("nowhere"),
    ],
)
def test_refuses_decisions_about_what_is_not_there(decide):
    recorded = six(Station("a", 1), "phone -> a -> phone", Client("phone"))
    with pytest.raises((ValueError, KeyError), match=r"nowhere|replica|phone"):
        decide(recorded.network)
