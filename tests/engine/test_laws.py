"""What must hold for every queueing system, and what theory says about some."""

import csv
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from mlsim.engine.draws import Distribution
from mlsim.engine.network import Client, Service, Station
from tests.engine.runs import Recorded, exponential, poisson
from tests.engine.test_blocks import CLIENT, FLOW, STATIONS, decide

TRUTH = Path(__file__).parent / "data" / "queueing.csv"


def published(model: str, params: str) -> dict[str, float]:
    with TRUTH.open() as lines:
        rows = [row for row in csv.DictReader(lines) if row["model"] == model]
    return {row["metric"]: float(row["value"]) for row in rows if row["params"] == params}


def assert_mean(values: np.ndarray, truth: float, batches: int = 40) -> None:
    """The true mean lies within 99.7% of batch means, after a warm-up of a twentieth."""
    values = values[values.size // 20 :]
    means = np.array([part.mean() for part in np.array_split(values, batches)])
    error = means.std(ddof=1) / math.sqrt(batches)
    assert abs(means.mean() - truth) < stats.t(batches - 1).ppf(0.9985) * error
    assert error < 0.1 * abs(truth), "the interval is too wide to say anything"


def by_arrival(recorded: Recorded) -> dict[str, np.ndarray]:
    visits = recorded.visits
    order = np.argsort(visits.arrival, kind="stable")
    return {name: getattr(visits, name)[order] for name in visits._fields}


@pytest.mark.parametrize(("rate", "workers"), [(2.4, 3), (45.0, 50)])
def test_mmc_waits_as_erlang_says(rate, workers):
    """Workers of one or of several replicas are the same to the line."""
    truth = published("M/M/c", f"lam={rate},mu=1,c={workers}")
    replicas = 3 if workers == 3 else 1
    station = Station("a", workers // replicas, replicas, exponential(1.0))
    visits = by_arrival(Recorded(["a"], [station], poisson(rate, 300_000)).run())
    waits = visits["start"] - visits["arrival"]
    assert_mean(waits, truth["mean_wait"])
    assert_mean((waits > 0).astype(float), truth["P_wait(ErlangC)"])


@pytest.mark.parametrize(("rate", "workers", "places"), [(3.0, 2, 5), (8.0, 10, 10)])
def test_mmck_blocks_as_birth_and_death_say(rate, workers, places):
    truth = published("M/M/c/K", f"lam={rate},mu=1,c={workers},K={places}")
    station = Station("a", workers, service=exponential(1.0), queue_limit=places - workers)
    visits = by_arrival(Recorded(["a"], [station], poisson(rate, 200_000)).run())
    assert_mean((visits["outcome"] == 1).astype(float), truth["P_block"])
    served = visits["outcome"] == 0
    assert_mean((visits["end"] - visits["arrival"])[served], truth["mean_sojourn_accepted"])


@pytest.mark.parametrize(
    ("patience", "law"),
    [
        (exponential(0.4), stats.expon(scale=0.4)),
        (Service(Distribution.UNIFORM, 0.5, 1.5), stats.uniform(0.5, 1.0)),
    ],
    ids=["exponential", "uniform"],
)
def test_mmc_with_patience_loses_as_baccelli_and_hebuterne_say(patience, law):
    """M/M/c+G, of which Erlang-A is the case without a memory.

    Source: Zeltyn and Mandelbaum, "Call centers with impatient customers: many-server asymptotics
    of the M/M/n+G queue" (2005), after Baccelli and Hebuterne, "On queues with impatient customers"
    (1981).
    """
    rate, workers = 3.6, 3
    t = np.linspace(0.0, 20.0, 20_001)
    waited = integrate.cumulative_trapezoid(law.sf(t), t, initial=0.0)  # of an offered wait t
    density = np.exp(rate * waited - workers * t)
    terms = [rate**k / math.factorial(k) for k in range(workers)]
    offered = rate * integrate.trapezoid(density, t)
    total = sum(terms) / terms[-1] + offered
    station = Station("a", workers, service=exponential(1.0), patience=patience)
    visits = by_arrival(Recorded(["a"], [station], poisson(rate, 100_000)).run())
    waits = visits["start"] - visits["arrival"]
    assert_mean((waits > 0).astype(float), offered / total)
    assert_mean(waits, rate * integrate.trapezoid(waited * density, t) / total)
    lost = (visits["outcome"] == 4).astype(float)
    assert_mean(lost, (1.0 + (1.0 - workers / rate) * offered) / total)


def test_md1_waits_as_pollaczek_and_khinchine_say():
    truth = published("M/D/1", "lam=0.5,D=1")
    station = Station("a", 1, service=Service(Distribution.CONSTANT, 1.0))
    visits = by_arrival(Recorded(["a"], [station], poisson(0.5, 200_000)).run())
    assert_mean(visits["start"] - visits["arrival"], truth["mean_wait"])


def test_tandem_sojourns_as_jackson_says():
    truth = published("tandem Jackson", "lam=0.7,mu1=1.0,mu2=0.9")
    stations = [
        Station("a", 1, service=exponential(1.0)),
        Station("b", 1, service=exponential(1 / 0.9)),
    ]
    ends = Recorded(["a -> b"], stations, poisson(0.7, 300_000)).run().requests
    order = np.argsort(ends.arrival)
    assert_mean((ends.end - ends.arrival)[order], truth["mean_total"])


def test_fork_join_sojourns_as_flatto_and_hahn_say():
    truth = published("fork-join k=2", "lam=0.3,mu=1")
    stations = [Station(name, 1, service=exponential(1.0)) for name in "ab"]
    stations.append(Station("in"))
    ends = Recorded(["in -> [a, b]"], stations, poisson(0.3, 200_000)).run().requests
    order = np.argsort(ends.arrival)
    assert_mean((ends.end - ends.arrival)[order], truth["mean"])


@pytest.fixture(scope="module")
def busy() -> Recorded:
    """Crashes, retries, rejections, forks and asides."""
    return Recorded(FLOW, STATIONS, poisson(6.0, 5000), CLIENT, until=1e9).run(decide)


def test_every_request_ends_once(busy):
    ends = busy.requests
    of_clients = ends.request[ends.where == -1]
    assert sorted(of_clients.tolist()) == list(range(5000))


def test_every_attempt_is_seen_at_the_first_station(busy):
    """What came is what was served, rejected or lost there."""
    visits, ends = busy.visits, busy.requests
    attempts = ends.attempts[ends.where == -1].sum()
    seen = Counter(visits.outcome[visits.station == 0].tolist())
    assert attempts == seen.total()
    counters = busy.network.counters("a")
    assert [counters.served, counters.rejected, counters.lost] == [seen[0], seen[1], seen[2]]
    assert counters.arrived == attempts
    assert counters.started == counters.served + counters.lost
    assert (counters.waiting, sum(counters.in_service)) == (0, 0)


def test_all_slots_come_back(busy):
    """Nothing refers to a request that is over, so a run of any length keeps its memory."""
    state = busy.network._state
    assert (state.tokens.size, state.attempts.size) < (2048, 2048)
    assert not state.requests["references"].any()
    assert not state.attempts["references"].any()


def test_causes_come_before_effects(busy):
    visits, ends = busy.visits, busy.requests
    assert np.all(visits.arrival <= visits.start)
    assert np.all(visits.start <= visits.end)
    assert np.all(np.diff(visits.end) >= 0.0)
    assert np.all(np.diff(ends.end) >= 0.0)
    assert np.all(ends.arrival <= ends.sent)
    assert np.all(ends.sent <= ends.end)


def test_the_line_is_served_in_order_of_arrival(busy):
    visits = busy.visits
    here = (visits.station == 0) & (visits.outcome != 1)
    order = np.lexsort((visits.start[here], visits.arrival[here]))
    assert np.all(np.diff(visits.start[here][order]) >= 0.0)


def test_littles_law(busy):
    """Time mean of the number at a station = arrival rate x mean time there, on this very path."""
    visits = busy.visits
    here = visits.station == 2
    arrival, end = np.sort(visits.arrival[here]), np.sort(visits.end[here])
    span = end[-1] - arrival[0]
    times = np.concatenate([arrival, end])
    steps = np.concatenate([np.ones(arrival.size), -np.ones(end.size)])
    order = np.argsort(times, kind="stable")
    number = np.cumsum(steps[order])[:-1]
    mean_number = (number * np.diff(times[order])).sum() / span
    sojourn = (visits.end[here] - visits.arrival[here]).mean()
    assert mean_number == pytest.approx(arrival.size / span * sojourn, rel=1e-9)


def test_no_attempt_waits_longer_than_its_client():
    client = Client("phone", timeout=0.5, retries=2, backoff=0.1)
    station = Station("a", 2, service=exponential(0.5))
    ends = Recorded(["phone -> a -> phone"], [station], poisson(3.0, 3000), client).run().requests
    assert (ends.end - ends.sent).max() == pytest.approx(0.5)
    assert np.all(ends.attempts[ends.outcome == 1] == 3)
    assert np.all(ends.answer[ends.outcome == 0] == ends.attempts[ends.outcome == 0] - 1)
