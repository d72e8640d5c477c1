"""People who do several things: closed populations and sessions, against queueing theory."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from mlsim.engine import draws
from mlsim.engine.arrivals import Arrivals, load_of, merge
from mlsim.engine.draws import Distribution
from mlsim.engine.network import Network, Requests, Service, Session, Station
from mlsim.engine.sessions import FOLLOWS, PERSONS, Population, first_ids, next_id, people_of

EXPONENTIAL = Distribution.EXPONENTIAL


@dataclass(frozen=True)
class Line:
    steps: tuple[str, ...]
    aside: bool = False


def population(size: int, think: float, seed: int = 1, number: int = 0) -> Population:
    ids = first_ids(number, size, size)
    key = draws.stream(seed, f"load/people{number}/think#0")
    return Population(draws.sample(key, ids, EXPONENTIAL, think), ids)


class Run:
    """A network of stations in series with its log."""

    def __init__(self, source, stations, sessions, until: float, seed: int = 1, **sizes: int):
        self.rows: list[Requests] = []
        names = [station.name for station in stations]
        self.network = Network(
            chains=[Line(tuple(names))],
            stations=stations,
            clients=[],
            entries=dict.fromkeys(sessions, names[0]),
            seed=seed,
            arrivals=source,
            sessions=sessions,
            until=until,
            on_requests=self.rows.append,
            **sizes,
        )

    def log(self, *stops: float) -> Requests:
        for stop in (*stops, math.inf):
            self.network.advance(stop)
        self.network.flush()
        return Requests(*map(np.concatenate, zip(*self.rows, strict=True)))


def closed(size: int, think: float, stations, until: float, seed: int = 1, **sizes: int) -> Run:
    session = Session("people0", Service(EXPONENTIAL, think), ((0, 1.0),))
    return Run(population(size, think, seed), stations, {0: session}, until, seed, **sizes)


def station(name: str, mean: float, workers: int = 1) -> Station:
    return Station(name, workers=workers, service=Service(EXPONENTIAL, mean))


def repairman(size: int, think: float, service: float, workers: int) -> float:
    """Throughput of M/M/c//N, from the balance of its birth and death process."""
    weights = [1.0]
    for k in range(size):
        weights.append(weights[-1] * (size - k) / think * service / min(k + 1, workers))
    thinking = sum((size - k) * w for k, w in enumerate(weights)) / sum(weights)
    return thinking / think


def mean_value_analysis(size: int, think: float, services: list[float]) -> tuple[float, float]:
    """(throughput, response time) of a closed network of single FCFS workers (Reiser, 1980)."""
    queues = [0.0] * len(services)
    for n in range(1, size + 1):
        response = [s * (1 + q) for s, q in zip(services, queues, strict=True)]
        throughput = n / (think + sum(response))
        queues = [throughput * r for r in response]
    return throughput, sum(response)


@pytest.mark.parametrize(("size", "think", "workers"), [(10, 8.0, 1), (12, 3.0, 3), (4, 50.0, 1)])
def test_throughput_of_a_population_is_the_machine_repairmans(size, think, workers):
    """Within four standard errors, from thirty parts of the run."""
    until = 60_000.0
    log = closed(size, think, [station("desk", 1.0, workers)], until).log()
    counts, _ = np.histogram(log.end, bins=np.linspace(until / 30, until, 30))
    rates = counts / (until / 30)
    error = rates.std(ddof=1) / math.sqrt(rates.size)
    assert abs(rates.mean() - repairman(size, think, 1.0, workers)) < 4 * error


def test_a_closed_network_is_as_mean_value_analysis_says():
    services, until = [0.5, 0.3, 0.8], 60_000.0
    stations = [station(f"s{k}", mean) for k, mean in enumerate(services)]
    log = closed(15, 5.0, stations, until).log()
    throughput, response = mean_value_analysis(15, 5.0, services)
    late = log.end > until / 30
    parts = np.array_split((log.end - log.arrival)[late], 30)
    means = np.array([part.mean() for part in parts])
    assert abs(means.mean() - response) < 4 * means.std(ddof=1) / math.sqrt(30)
    assert late.sum() / (until * 29 / 30) == pytest.approx(throughput, rel=0.01)


def test_everybody_has_one_request_at_a_time_and_thinks_between():
    """The interactive response time law, person by person: rounds fill the time."""
    log = closed(5, 3.0, [station("desk", 1.0)], 5_000.0).log()
    people = people_of(log.request, np.uint64(0), 5)
    assert set(people.tolist()) == set(range(5))
    for person in range(5):
        own = np.flatnonzero(people == person)
        order = own[np.argsort(log.arrival[own])]
        pauses = log.arrival[order][1:] - log.end[order][:-1]
        assert np.all(np.diff(log.request[order]) == 1)
        assert pauses.min() > 0
        assert pauses.mean() == pytest.approx(3.0, rel=4 / math.sqrt(pauses.size))


SHOP = {
    0: Session("browse", Service(EXPONENTIAL, 20.0), ((0, 0.5), (1, 0.3))),
    1: Session("buy", Service(EXPONENTIAL, 5.0), ((0, 0.1),)),
}


def shop(rate: float = 0.15, until: float = 100_000.0, workers: int = 1, **sizes: int) -> Run:
    source = Arrivals(lambda t: np.full(t.size, rate), lambda a, b: rate, 1, "browse", 0)
    return Run(merge([source]), [station("desk", 1.0, workers)], SHOP, until, **sizes)


def test_sessions_bring_as_many_requests_as_a_markov_chain_has_visits():
    """Visits of an absorbing chain, (I - P)^-1; five standard errors of about as many sessions."""
    log = shop().log()
    ways = np.array([[0.5, 0.3], [0.1, 0.0]])
    expected = 0.15 * 100_000 * np.linalg.inv(np.eye(2) - ways)[0]
    assert np.bincount(log.load) == pytest.approx(expected, rel=5 / math.sqrt(0.15 * 100_000))


def test_a_station_among_sessions_is_an_mm1_queue():
    """Jackson (1957): with Poisson arrivals from outside, a queue in a loop is as if alone."""
    log = shop(rate=0.25).log()
    visits = np.linalg.inv(np.eye(2) - np.array([[0.5, 0.3], [0.1, 0.0]]))[0].sum()
    sojourn = (log.end - log.arrival)[log.end > 5_000]
    means = np.array([part.mean() for part in np.array_split(sojourn, 30)])
    expected = 1.0 / (1.0 - 0.25 * visits)
    assert abs(means.mean() - expected) < 4 * means.std(ddof=1) / math.sqrt(30)


def test_a_person_is_the_same_through_a_session():
    key = draws.stream(1, "load/browse/person")
    for head in (17 << 31, (1 << 55) - 1, 123_456_789):
        child = next_id(head, 1, key)
        grandchild = next_id(child, 0, key)
        ids = np.array([head, child, grandchild])
        assert np.unique(people_of(ids, key, 1_000_000)).size == 1
        assert load_of(ids).tolist() == [0, 1, 0]
        assert np.all((ids[1:] & FOLLOWS) == FOLLOWS)
        assert (grandchild - child) % (1 << 25) == 1


def test_people_are_as_many_and_as_even_as_they_should_be():
    ids = np.arange(200_000) << 31
    counts = np.bincount(people_of(ids, np.uint64(99), 20), minlength=20)
    assert counts.size == 20
    assert np.abs(counts - 10_000).max() < 5 * math.sqrt(10_000)
    whole = first_ids(3, 5_000, 5_000)
    assert people_of(whole, np.uint64(0), 5_000).tolist() == list(range(5_000))
    assert PERSONS > 1_000_000_000


def test_cuts_and_sizes_of_pools_do_not_matter():
    whole = shop(until=20_000.0).log()
    stops = np.random.default_rng(3).uniform(0.0, 20_000.0, 300)
    cut = shop(until=20_000.0, slots=1, log_block=7, arrival_block=50).log(*np.sort(stops))
    for mine, theirs in zip(cut, whole, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_slower_desk_keeps_the_people_and_their_luck():
    """Whoever comes goes on in the same way, and thinks for as long, however long she waited."""
    slow, quick = shop(rate=0.1).log(), shop(rate=0.1, workers=5).log()
    both, mine, theirs = np.intersect1d(slow.request, quick.request, return_indices=True)
    assert both.size > 0.99 * slow.request.size
    assert np.array_equal(slow.load[mine], quick.load[theirs])
    places = {int(one): k for k, one in enumerate(both)}
    later = [one for one in both.tolist() if (one & FOLLOWS) == FOLLOWS and one + 1 in places]
    pairs = [(places[one], places[one + 1]) for one in later]
    before, after = np.array(pairs).T
    pauses = [
        log.arrival[own][after] - log.end[own][before]
        for log, own in ((slow, mine), (quick, theirs))
    ]
    np.testing.assert_allclose(*pauses, rtol=0, atol=1e-9)


def test_nobody_comes_after_the_end():
    log = closed(5, 3.0, [station("desk", 1.0)], 500.0).log()
    assert log.arrival.max() < 500.0


def test_probabilities_over_one_are_refused():
    with pytest.raises(ValueError, match="'browse': needs probabilities that add up to at most 1"):
        Session("browse", Service(), ((0, 0.7), (1, 0.4)))


def test_people_of_two_populations_who_go_on_to_one_load_keep_ids_of_their_own():
    ids = np.concatenate([first_ids(load, 50, 50) for load in range(4)])
    seen = []
    for _ in range(200):
        ids = np.array([next_id(int(parent), 2, np.uint64(0)) for parent in ids])
        seen.append(ids)
    everything = np.concatenate(seen)
    assert np.unique(everything).size == everything.size
    assert people_of(ids, np.uint64(0), 50).tolist() == 4 * list(range(50))
