"""Sessions and populations as scenarios say them: the person stays the same, and her luck."""

import numpy as np
import pytest

from mlsim import api
from mlsim.studies.expected import expected
from tests.worlds import World, loaded

SHOP = """
scenario: shop
horizon: 6h
seed: 2
world:
  people: 3000
  person:
    age: uniform(18, 90)
load:
  browse:
    rate: 0.5/s
    of: person
    enters: app
    think: lognormal(mean=20s, cv=0.5)
    then: {browse: 0.5, buy: 0.2}
  buy: {of: person, enters: checkout}
system:
  app: {kind: client, timeout: 2s}
  checkout: {kind: client, timeout: 2s}
  shop: {kind: server, workers: 2, service_time: exponential(mean=1s)}
flow:
  - app -> shop -> app
  - checkout -> shop -> checkout
"""

OPERATORS = """
scenario: operators
horizon: 20h
load:
  calls: {population: 10, think: exponential(mean=8s), enters: desk}
system:
  desk: {kind: server, workers: 1, service_time: exponential(mean=1s)}
flow:
  - desk
"""


def test_a_person_is_as_old_through_all_of_a_session():
    """Browsing and buying are two loads; people who buy have browsed before, with the same age."""
    world = World(loaded(SHOP))
    log, people = world.log, np.concatenate([block.truth.people for block in world.blocks])
    age = world.column("age")
    for person in np.unique(people[log.load == 1])[:200]:
        own = people == person
        assert np.unique(age[own]).size == 1
        first_bought = log.arrival[own & (log.load == 1)].min()
        assert log.arrival[own & (log.load == 0)].min() < first_bought


def test_requests_of_a_run_are_as_many_as_are_expected_before_it():
    """Half go on browsing: two requests a session; a fifth of those are followed by a purchase."""
    scenario = loaded(SHOP)
    heads = 0.5 * 6 * 3600
    assert expected(scenario, 0.0) == pytest.approx(heads * 2 * 1.2, rel=0.002)
    log = World(scenario).log
    assert np.bincount(log.load) == pytest.approx([heads * 2, heads * 0.4], rel=0.05)


def test_people_go_on_whatever_became_of_their_request():
    """Without anybody who serves them in time, there are as many requests."""
    slow = loaded(SHOP, system__shop__service_time="exponential(mean=100s)")
    quick = loaded(SHOP)
    mine, theirs = World(slow).log, World(quick).log
    assert (mine.outcome == 1).mean() > 0.9
    assert mine.request.size == pytest.approx(theirs.request.size, rel=0.01)


def test_throughput_of_a_population_through_the_public_api():
    """The machine repairman's, by the balance of the birth and death process; 4 errors of 30."""
    run = api.Scenario(loaded(OPERATORS), None).run(record="requests")
    weights = [1.0]
    for k in range(10):
        weights.append(weights[-1] * (10 - k) / 8.0)
    busy = 1 - weights[0] / sum(weights)
    counts, _ = np.histogram(run.requests["end_s"], bins=np.linspace(2400, 72000, 30))
    rates = counts / 2400
    assert abs(rates.mean() - busy) < 4 * rates.std(ddof=1) / np.sqrt(rates.size)


def test_a_population_of_persons_is_the_first_of_the_people():
    text = OPERATORS.replace("enters", "of: person, enters").replace(
        "load:", "world:\n  people: 1000\n  person: {skill: 'uniform(0, 1)'}\nload:"
    )
    world = World(loaded(text))
    people = np.concatenate([block.truth.people for block in world.blocks])
    assert np.unique(people).size == 10
    assert np.unique(world.column("skill")).size == 10


def test_a_faster_desk_keeps_the_thoughts_of_a_population():
    slow, quick = (
        World(loaded(OPERATORS)).log,
        World(loaded(OPERATORS, system__desk__workers=9)).log,
    )
    assert quick.request.size > slow.request.size
    assert np.isin(slow.request, quick.request).mean() > 0.999
