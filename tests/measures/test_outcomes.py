"""Outcomes over time: each belongs to the minute in which it happened."""

import numpy as np

from mlsim import api
from tests.worlds import loaded

DESK = """
scenario: desk
horizon: 10min
seed: 1
load:
  jobs: {rate: 2/s, enters: app}
system:
  app: {kind: client}
  desk: {kind: server, workers: 20, service_time: 20s}
flow:
  - app -> desk -> app
outcomes:
  done: {count: ok}
  lost: {count: not ok}
"""


def by_minute(text: str) -> dict[str, np.ndarray]:
    run = api.Scenario(loaded(text), None).run()
    return run.findings.run.totals


def test_who_is_lost_in_a_crash_is_lost_in_the_minute_that_begins_with_it():
    fault = "faults:\n  - {kind: crash, at: 4min, until: 5min, component: desk}\n"
    lost = by_minute(DESK + fault)["lost"]
    assert lost[4] >= 20
    assert np.flatnonzero(lost).tolist() == [4]


def test_an_end_on_the_stroke_belongs_to_what_follows_and_the_last_to_the_run():
    """Half a minute passes until a job is there, and half a minute until it is done."""
    closed = DESK.replace("rate: 2/s", "population: 1, think: 30s").replace("20s", "30s")
    assert by_minute(closed)["done"].tolist() == [0, *[1] * 8, 2]
