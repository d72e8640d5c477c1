"""Caches in the language: how often they answer, under which versions, and what empties them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import simpy
from scipy.optimize import brentq

import mlsim
from mlsim.engine.caching import HIT, MISS
from mlsim.errors import ScenarioError
from mlsim.scenario.kinds import Mistake
from mlsim.system.simulation import System
from mlsim.system.traits import keys
from mlsim.system.ways import doubtful
from tests.worlds import World, loaded

SHOP = """
scenario: shop
horizon: 1d
seed: 4
world:
  people: 50
  person: {age: "floor(uniform(20, 60))"}
  visit:
    item: floor(uniform(0, 10))
    price: uniform(0, 1)
load:
  visits: {rate: 2/s, enters: phone, of: person}
system:
  phone: {kind: client}
  cache: {kind: cache, key: item, ttl: 5s}
  features: {kind: transform, reads: [item], makes: {popular: item * 1}}
  judge: {kind: policy, when: popular > 4, then: show}
flow:
  - phone -> cache(features) -> judge -> phone
outcomes:
  found: {count: cache.hit}
"""


def looked_up(world: World) -> pd.DataFrame:
    """Visits to the cache in order: when they ended, for which item, what they found."""
    visits, log = world.visits_of("cache"), world.log
    items = pd.Series(world.column("item"), index=log.request)
    return pd.DataFrame(
        {
            "time": visits.end,
            "item": items.reindex(visits.request).to_numpy(),
            "found": visits.settings,
        }
    )


def hit_ratio(text: str, folder: Path, **settings: object) -> float:
    """As `requests_total` and the two counters of the cache tell it at the end."""
    path = folder / "shop.yaml"
    path.write_text(text)
    run = mlsim.load(path, settings).run()
    last = run.metrics.iloc[-1]
    hits, misses = (last[f'cache_{what}_total{{component="cache"}}'] for what in ("hits", "misses"))
    served = last['requests_total{component="cache",outcome="served"}']
    behind = last['requests_total{component="features",outcome="served"}']
    assert hits + misses == served
    assert misses == behind
    return hits / served


@pytest.mark.parametrize("ttl", [1.0, 5.0, 40.0])
def test_time_to_live_under_poisson_requests(ttl: float, tmp_path: Path):
    """Each key is a renewal process: a miss, and then all that come in the next `ttl` are hits.

    So the share of hits is rate * ttl / (1 + rate * ttl), with the rate of requests per key.
    """
    expected = 0.2 * ttl / (1 + 0.2 * ttl)
    ratio = hit_ratio(SHOP, tmp_path, **{"system.cache.ttl": f"{ttl}s"})
    misses = 2 * 86400 * (1 - expected)
    assert ratio == pytest.approx(expected, abs=4 * (1 - expected) / np.sqrt(misses))


def che(popularity: np.ndarray, capacity: int) -> float:
    """The share of hits of a cache that keeps the last `capacity` used, where requests are
    independent: Che, Tung and Wang, Hierarchical Web Caching Systems (2002).
    """
    time = brentq(lambda t: (1 - np.exp(-popularity * t)).sum() - capacity, 1e-9, 1e9)
    return float((popularity * (1 - np.exp(-popularity * time))).sum())


@pytest.mark.parametrize("capacity", [20, 100])
def test_least_recently_used_under_a_zipf_law(capacity: int, tmp_path: Path):
    zipf = SHOP.replace("floor(uniform(0, 10))", "'min(floor(pareto(1, 0.9)), 1000)'")
    zipf = zipf.replace("ttl: 5s", f"capacity: {capacity}").replace("      item", "      item")
    rank = np.arange(1, 1001.0)
    tail = np.append(rank**-0.9, 0.0)
    popularity = tail[:-1] - np.append(tail[1:-1], 0.0)
    assert popularity.sum() == pytest.approx(1.0)
    assert hit_ratio(zipf, tmp_path) == pytest.approx(che(popularity, capacity), abs=0.01)


def test_no_answer_is_older_than_its_time_to_live():
    world = World(loaded(SHOP, horizon="2h"))
    for _, own in looked_up(world).groupby("item"):
        filled = own.time.where(own.found == MISS).ffill()
        age = own.time - filled
        assert np.all(age[own.found == HIT] < 5.0)
        assert own.found.iloc[0] == MISS


def test_a_hit_is_served_under_the_settings_of_whoever_filled_it():
    """A broken feature goes on to be served after its repair, until its entries are gone."""
    fault = """
faults:
  - {kind: sign_flip, at: 30min, until: 1h, component: features, column: popular}
"""
    world = World(loaded(SHOP + fault, horizon="2h", system__cache__ttl="7min"))
    log, item = world.log, world.column("item")
    rows = pd.DataFrame({"time": log.end, "item": item, "hit": world.column("cache.hit")})
    rows["popular"] = world.read("judge", "popular")
    rows["broken"] = rows.popular < 0
    rows = rows[rows.item > 0].sort_values("time", kind="stable")
    filler = rows.broken.where(~rows.hit).groupby(rows.item).ffill()
    assert np.array_equal(rows.broken, filler.astype(bool))
    truth = rows.item.where(~rows.broken, -rows.item)
    assert np.array_equal(rows.popular, truth)
    late = rows[(rows.time > 3600) & (rows.time < 4020)]
    assert 0.1 < late.broken.mean() < 0.9
    assert not rows[rows.time > 4020].broken.any()


def test_a_restart_empties_it():
    def restarts(system: System) -> Iterator[simpy.Event]:
        yield system.clock.timeout(1800)
        system.crash("cache", 0)
        system.restart("cache", 0)

    text = SHOP.replace("ttl: 5s", "capacity: 100")
    found = looked_up(World(loaded(text, horizon="1h"), deciders=[restarts]))
    missed = found[found.found == MISS]
    assert sorted(missed.item[missed.time < 1800]) == list(range(10))
    assert sorted(missed.item[missed.time >= 1800]) == list(range(10))


def test_what_fails_is_not_kept():
    text = SHOP.replace("makes: {", "error_rate: 1, makes: {")
    found = looked_up(World(loaded(text, horizon="10min")))
    assert np.all(found.found == MISS)


def test_the_key_may_be_the_person_or_what_is_known_of_one():
    for key in ("person", "age"):
        world = World(loaded(SHOP, horizon="6h", system__cache__key=key))
        whose = {"person": [block.truth.people for block in world.blocks], "age": None}[key]
        keys_of = world.column("age") if whose is None else np.concatenate(whose)
        share = np.unique(keys_of, return_counts=True)[1] / keys_of.size
        expected = (share * 10 * share / (1 + 10 * share)).sum()
        ratio = np.mean(looked_up(world).found == HIT)
        assert ratio == pytest.approx(expected, abs=0.015)
        assert 0.1 < expected < 0.4


def test_without_a_key_nothing_is_found_nor_kept():
    world = World(loaded(SHOP, horizon="1h", system__cache__key="log(0 * item - 1)"))
    assert np.all(looked_up(world).found == MISS)


def test_keys_are_alike_if_the_numbers_are():
    numbers = np.append(np.random.default_rng(1).normal(size=1000), [0.0, -0.0, 1.5, -1.5])
    assert len(set(keys(numbers).tolist())) == np.unique(numbers).size
    assert np.all(keys(numbers) >= 0)


def test_what_the_key_leaves_open_is_told_before_a_run():
    def told(**settings: object) -> list[Mistake]:
        return list(doubtful(loaded(SHOP, **settings)))

    assert told() == []
    assert told(system__features__reads=["item", "price", "age"]) == [
        (
            ("system", "cache", "key"),
            "says nothing of price, age, on which the answers that it keeps depend",
            "",
        )
    ]
    assert told(system__features__reads=["age"], system__cache__key="item + 100 * person") == []


MISTAKES = [
    ("ttl: 5s", "ttl: 0s", r"shop.yaml:14: system.cache.ttl: must be a duration of more than 0"),
    (", ttl: 5s", "", r"shop.yaml:14: system.cache: needs a ttl, a capacity, or both"),
    ("key: item, ", "", r"shop.yaml:14: system.cache.key: .*"),
    ("key: item", "key: itm", r"shop.yaml:14: system.cache.key: no 'itm' reaches cache.*'item'"),
    ("key: item", "key: popular", r"system.cache.key: no 'popular' reaches cache"),
    ("key: item", 'key: "uniform(0, 1)"', r"system.cache.key: .*uniform\(\) is random"),
    ("cache(features)", "cache -> features", r"shop.yaml:18: flow\[0\]: cache is a cache: whom it"),
    (
        "judge -> phone",
        "cache(judge) -> phone",
        r"flow\[0\]: cache keeps the answers of features: give judge a cache of its own",
    ),
    ("ttl: 5s", "ttl: 5s, replicas: 2", r"system.cache.replicas: must be 1: a cache keeps all"),
    ("of: person}", "each: visit}", r"system.cache.key: needs to know whose requests they are"),
    ("ttl: 5s", "ttl: 5s, shards: 3", r"flow\[0\]: cache has shards, and can't wait for others"),
]


@pytest.mark.parametrize(("old", "new", "told"), MISTAKES)
def test_mistakes_are_told_with_their_line(old: str, new: str, told: str, tmp_path: Path):
    path, text = tmp_path / "shop.yaml", SHOP.lstrip().replace("reads: [item]", "reads: [price]")
    if "each" in new:
        text = text.replace("key: item", "key: person").replace("person: {age", "visit_: {age")
    path.write_text(text.replace(old, new))
    with pytest.raises(ScenarioError, match=told):
        mlsim.load(path)


def test_an_autoscaler_has_no_use_for_it():
    scaler = "\n  scaler: {kind: autoscaler, scales: cache, target: 0.5}\nflow:"
    with pytest.raises(ScenarioError, match="no component 'cache' in system that can have more"):
        loaded(SHOP.replace("\nflow:", scaler).replace("ttl: 5s", "ttl: 5s, workers: 3"))
