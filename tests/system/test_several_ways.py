"""Loads that enter elsewhere: what a row carries comes from who is on its own way."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mlsim

SCENARIO = """
scenario: several_ways
horizon: 60s
seed: 1
world:
  order: {x: "uniform(0, 1)"}
  return: {OTHER: "uniform(0, 1)"}
load:
  orders: {rate: 2/s, enters: phone}
  returns: {rate: 2/s, enters: DOOR}
system:
  phone: {kind: client}
  DOOR: {kind: KIND}
  desk: {kind: server, service_time: 500ms * x}
  large: {kind: server}
flow:
  - phone -> desk -> (large if x > 0.5) -> phone
  - DOOR -> desk -> (large if x > 0.5)REPLY
"""
DOORS = [("robot", "client", " -> robot"), ("counter", "server", "")]


def visits(
    folder: Path, door: tuple[str, str, str], other: str
) -> tuple[mlsim.Run, pd.Series, set[int]]:
    """The run, each request's service time at the desk, and which came to `large`."""
    text = SCENARIO.replace("OTHER", other)
    for word, value in zip(("DOOR", "KIND", "REPLY"), door, strict=True):
        text = text.replace(word, value)
    path = folder / "several_ways.yaml"
    path.write_text(text)
    run = mlsim.load(path).run(record=["requests", "visits"])
    seen = run.visits.set_index("request")
    at_desk = seen[seen.component == "desk"]
    return run, at_desk.end_s - at_desk.start_s, set(seen[seen.component == "large"].index)


@pytest.mark.parametrize("door", DOORS, ids=[kind for _, kind, _ in DOORS])
def test_each_row_has_what_is_sent_on_its_own_way(tmp_path: Path, door: tuple[str, str, str]):
    """Another client, and a way without client, send what is true of their requests."""
    run, service, large = visits(tmp_path, door, "x")
    x = run.requests.set_index("request").x
    assert (run.requests.load == "returns").sum() > 50
    np.testing.assert_allclose(service[x.index], 0.5 * x, atol=1e-9)
    assert large >= set(x[x > 0.5].index)
    assert not large & set(x[x <= 0.5].index)


@pytest.mark.parametrize("door", DOORS, ids=[kind for _, kind, _ in DOORS])
def test_a_column_of_another_load_is_missing(tmp_path: Path, door: tuple[str, str, str]):
    """It counts as 0 in a service time, and no condition on it holds."""
    run, service, large = visits(tmp_path, door, "y")
    returns = set(run.requests[run.requests.load == "returns"].request)
    assert not large & returns
    assert (service[service.index.isin(returns)] == 0).all()
    assert (service[~service.index.isin(returns)] > 0).all()
