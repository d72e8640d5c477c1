"""Pools, shards and joins in the language; what they may not be combined with."""

import numpy as np
import pytest

from mlsim.errors import ScenarioError
from tests.worlds import World, loaded

SHOP = """
scenario: shop
horizon: 1h
seed: 4
world:
  visit: {x: "uniform(0, 1)"}
load:
  visits: {rate: 4/s, enters: phone}
system:
  phone: {kind: client}
  gateway: {kind: server, workers: 8}
  pool: {kind: connection_pool, connections: 2, patience: exponential(1s)}
  database: {kind: server, service_time: exponential(mean=400ms)}
  east: {kind: transform, makes: {y: x + 1}, service_time: exponential(mean=1s)}
  west: {kind: transform, makes: {y: x + 2}, service_time: exponential(mean=1s)}
  judge: {kind: policy, when: y > 2, then: act}
flow:
  - phone -> gateway(pool(database)) -> any of [east, west] cancel rest -> judge -> phone
"""


@pytest.fixture(scope="module")
def shop() -> World:
    return World(loaded(SHOP))


def test_no_more_calls_are_under_way_than_there_are_connections(shop: World):
    database, pool = shop.visits_of("database"), shop.visits_of("pool")
    times = np.concatenate([database.start, database.end])
    change = np.repeat([1, -1], database.start.size)
    order = np.lexsort((change, times))
    assert np.cumsum(change[order]).max() == 2
    assert np.any(pool.outcome == 4)  # expired: no connection in time


def test_a_worker_is_held_until_its_call_is_over(shop: World):
    gateway, pool = shop.visits_of("gateway"), shop.visits_of("pool")
    by = dict(zip(pool.request, pool.end, strict=True))
    assert [by[who] for who in gateway.request] == gateway.end.tolist()


def test_who_gets_no_connection_is_rejected_at_the_client(shop: World):
    expired = shop.visits_of("pool").request[shop.visits_of("pool").outcome == 4]
    rejected = shop.log.request[shop.column("rejected")]
    np.testing.assert_array_equal(np.sort(expired), np.sort(rejected))


def test_a_column_comes_from_the_branch_that_was_first(shop: World):
    east = np.isin(
        shop.log.request, shop.visits_of("east").request[shop.visits_of("east").outcome == 0]
    )
    x, y, ok = shop.column("x"), shop.read("judge", "y"), np.asarray(shop.column("ok"))
    np.testing.assert_array_equal(y[ok], np.where(east, x + 1, x + 2)[ok])
    assert 0.4 < east[ok].mean() < 0.6


@pytest.mark.parametrize(
    ("gateway", "message"),
    [
        ("shards: 4", r"flow\[0\]: gateway has shards, and can't wait for others"),
        ("batch: {size: 4}", r"flow\[0\]: gateway has a batch, and can't wait for others"),
        ("shards: 4, wait_for: 5", r"system.gateway.wait_for: can never complete: there are 4"),
        ("wait_for: 2", r"system.gateway.wait_for: can never complete: there are no shards"),
        ("shards: 4, replicas: 2", r"system.gateway.replicas: can't be combined with shards"),
        ("shards: 4, balancing: random", r"system.gateway.balancing: can't be combined"),
    ],
)
def test_refuses(gateway: str, message: str):
    with pytest.raises(ScenarioError, match=message):
        loaded(SHOP.replace("workers: 8", f"workers: 8, {gateway}"))


@pytest.mark.parametrize(
    ("way", "meant"),
    [
        ("gateway -> pool -> database", "database"),
        ("gateway(pool -> east) -> database", "east"),
        ("database -> [gateway, pool]", "database"),
        ("gateway(pool(database)) -> pool", "database"),
    ],
)
def test_a_pool_whose_connections_nobody_holds_is_refused(way: str, meant: str):
    """Written like a step, it would bound nothing."""
    expected = rf"flow\[0\]: pool is a connection pool: .*brackets.*did you mean 'pool\({meant}\)'"
    with pytest.raises(ScenarioError, match=expected):
        loaded(SHOP.replace("gateway(pool(database))", way))


def test_a_pool_is_not_told_to_call_the_client_that_it_answers():
    with pytest.raises(ScenarioError, match=r"flow\[0\]: pool .*did you mean 'pool\(database\)'"):
        loaded(SHOP.replace("pool(database)", "database").replace("-> judge", "-> judge -> pool"))


def test_a_line_may_begin_at_a_pool_that_has_called():
    loaded(SHOP.replace("gateway(pool(database)) ->", "gateway -> pool(database)\n  - pool ->"))
