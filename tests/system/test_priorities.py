"""Priorities and sizes of requests in scenarios, against closed forms and a plain program."""

import heapq
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from mlsim.engine.draws import quantile, stream, uniform_at
from mlsim.errors import ScenarioError
from mlsim.scenario.load import load
from mlsim.system.simulation import System
from tests.engine.test_laws import assert_mean
from tests.system.test_served import Ends

CLINIC = """
version: 1
scenario: clinic
horizon: %s
seed: 3
world:
  visit:
    urgency: floor(uniform(0, 3))
    items: uniform(0, 2)
load: {visits: {rate: %s, enters: phone}}
system:
  phone: {kind: client}
  desk: {kind: server, workers: 1, %s}
flow: [phone -> desk -> phone]
"""


class Visited(Ends):
    """Keeps the visits, too."""

    def __init__(self) -> None:
        super().__init__()
        self.visits: list[object] = []

    def on_visits(self, visits: object) -> None:
        self.visits.append(visits)


def run(desk: str, tmp_path: Path, rate: str = "0.7/s", horizon: str = "50h") -> Visited:
    file = tmp_path / "clinic.yaml"
    file.write_text(CLINIC % (horizon, rate, desk))
    system, ends = System(load(file), seed=3), Visited()
    system.listeners.append(ends)
    system.run()
    return ends


def waits(ends: Visited) -> np.ndarray:
    """Starts of service by request id, less the arrivals."""
    (request,) = [np.concatenate([v.request for v in ends.visits])]
    start = np.concatenate([v.start for v in ends.visits])
    arrival = np.concatenate([v.arrival for v in ends.visits])
    who = np.concatenate([block.log.request for block in ends.blocks])
    order = np.argsort(request)
    return (start - arrival)[order][np.searchsorted(request[order], who)]


@pytest.mark.parametrize("time", ["exponential(1s)", "1s", "'lognormal(mean=1s, cv=2)'"])
def test_the_urgent_wait_as_cobham_says(time, tmp_path):
    """Cobham 1954: W_k = R / ((1 - s_k-1) (1 - s_k)), R = lambda E[S**2] / 2, s_k: load up to k."""
    squares = {"exponential(1s)": 2.0, "1s": 1.0}.get(time, 5.0)
    ends = run(f"service_time: {time}, priority: urgency", tmp_path, horizon="80h")
    waited, urgency = waits(ends), ends.column("urgency")
    order = np.argsort(np.concatenate([block.log.arrival for block in ends.blocks]))
    residual, loads = 0.7 * squares / 2, [0.0, 0.7 / 3, 1.4 / 3, 0.7]
    for k, level in enumerate((2, 1, 0)):
        expected = residual / ((1 - loads[k]) * (1 - loads[k + 1]))
        assert_mean(waited[order][urgency[order] == level], expected)


def served(arrivals: list[tuple[float, int, float, float]]) -> dict[int, float]:
    """When each is served by one worker who takes the most urgent: (time, id, level, service)."""
    waiting: list[tuple[float, int, int, float]] = []
    free, starts, order, k = 0.0, {}, count(), 0
    while k < len(arrivals) or waiting:
        if not waiting:
            free = max(free, arrivals[k][0])
        while k < len(arrivals) and arrivals[k][0] <= free:
            _, who, level, service = arrivals[k]
            heapq.heappush(waiting, (-level, next(order), who, service))
            k += 1
        _, _, who, service = heapq.heappop(waiting)
        starts[who] = free
        free += service
    return starts


@pytest.mark.parametrize(
    ("time", "mean"),
    [("1s * items", 1.0), ("exponential(mean=0.5s + 1s * items)", 1.5), ("1s + 0s * items", 1.0)],
)
def test_size_and_urgency_are_those_of_the_request(time, mean, tmp_path):
    """Every start is that of a plain program that knows the same rows."""
    ends = run(f"service_time: '{time}', priority: urgency", tmp_path, f"{0.9 / mean}/s", "2h")
    who = np.concatenate([block.log.request for block in ends.blocks])
    arrival = np.concatenate([block.log.arrival for block in ends.blocks])
    sizes = {"1s * items": ends.column("items")}.get(time, np.ones(who.size))
    if time.startswith("exp"):
        luck = [uniform_at(stream(3, "service/desk"), int(w), 0) for w in who]
        sizes = (0.5 + ends.column("items")) * [quantile(1, 1.0, 0.0, u) for u in luck]
    rows = zip(arrival, who, ends.column("urgency"), sizes, strict=True)
    truth = served(sorted((float(t), int(w), float(u), float(s)) for t, w, u, s in rows))
    mine = dict(zip(who.tolist(), (arrival + waits(ends)).tolist(), strict=True))
    done = [w for w in truth if w in mine]
    assert len(done) > 1000
    np.testing.assert_allclose([mine[w] for w in done], [truth[w] for w in done], rtol=0, atol=1e-6)


def test_a_service_takes_as_long_as_the_hour_says(tmp_path):
    ends = run("service_time: 100ms * (1 + step(1h))", tmp_path, "0.1/s", "2h")
    took = ends.column("sojourn_time")
    late = np.concatenate([block.log.sent for block in ends.blocks]) >= 3600
    assert took[~late].min() == pytest.approx(0.1)
    assert took[late].min() == pytest.approx(0.2)


MISTAKES = [
    ("priority: urgancy", r"clinic.yaml:13: .*no 'urgancy' reaches desk.*'urgency'"),
    ("service_time: 1s * itms", r"clinic.yaml:13: .*no 'itms' reaches desk.*'items'"),
    (
        "service_time: exponential(1s) + exponential(2s)",
        r"service_time: must be a constant, or one distribution such as exponential",
    ),
    ("priority: uniform(0, 1)", r"priority: must be .*uniform\(\) is random"),
    (
        "service_time: 'normal(1s * items, 1s)'",
        r"service_time: must be one distribution where it varies, of exponential, lognormal",
    ),
]


@pytest.mark.parametrize(("desk", "told"), MISTAKES)
def test_mistakes_are_told(desk, told, tmp_path):
    with pytest.raises(ScenarioError, match=told):
        run(desk, tmp_path)


def test_a_batch_takes_the_time_of_its_first(tmp_path):
    """Whatever the others carry: each after the first adds 100 ms."""
    desk = "service_time: 1s * items, batch: {size: 4, wait: 1s, per_item: 100ms}"
    ends = run(desk, tmp_path, "2/s", "2h")
    who = np.concatenate([block.log.request for block in ends.blocks]).tolist()
    items = dict(zip(who, ends.column("items"), strict=True))
    batches: dict[float, list[tuple[float, int, float]]] = {}
    for visits in ends.visits:
        for came, start, end, who in zip(
            visits.arrival, visits.start, visits.end, visits.request.tolist(), strict=True
        ):
            batches.setdefault(start, []).append((came, who, end - start))
    whole = [
        sorted(batch) for batch in batches.values() if all(who in items for _, who, _ in batch)
    ]
    assert {len(batch) for batch in whole} == {1, 2, 3, 4}
    for (_, first, took), *others in whole:
        assert took == pytest.approx(items[first] + 0.1 * len(others))


def test_who_shares_the_workers_waits_for_nobody(tmp_path):
    """Short requests don't stand behind long ones: E[T | S = x] = x / (1 - rho)."""
    desk = "service_time: 1s * items, discipline: processor_sharing"
    ends = run(desk, tmp_path, "0.6/s", "40h")
    order = np.argsort(np.concatenate([block.log.arrival for block in ends.blocks]))
    slowed = (ends.column("sojourn_time") / ends.column("items"))[order]
    assert waits(ends).max() == 0.0
    assert_mean(slowed, 1 / (1 - 0.6))


@pytest.mark.parametrize(
    ("desk", "told"),
    [
        ("at_once: 3", r"desk.at_once: needs discipline: processor_sharing"),
        (
            "discipline: processor_sharing, batch: {size: 2}",
            r"desk.batch: can't be, where all requests are served at once",
        ),
        ("discipline: lifo", r"discipline: must be one of 'first_come' or 'processor_sharing'"),
    ],
)
def test_mistakes_of_sharing_are_told(desk, told, tmp_path):
    with pytest.raises(ScenarioError, match=told):
        run(desk, tmp_path)


def test_sharing_needs_a_number_of_workers(tmp_path):
    file = tmp_path / "clinic.yaml"
    text = CLINIC % ("1h", "1/s", "discipline: processor_sharing")
    file.write_text(text.replace("workers: 1, ", ""))
    with pytest.raises(ScenarioError, match=r"desk.discipline: needs workers"):
        load(file)
