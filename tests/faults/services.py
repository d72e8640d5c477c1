"""A service of two replicas that asks somebody else for the weather, for tests of faults."""

from tests.worlds import World, loaded

SHOP = """
scenario: shop
horizon: 1d
seed: 9
world:
  people: 300
  person:
    age: normal(44, 18)
  drivers:
    season: 1 + ramp(0d, 1d)
  visit:
    rainy: bernoulli(0.3)
    amount: normal(10, 2)
load:
  visits: {rate: 0.2/s, of: person, enters: shop}
system:
  shop: {kind: client}
  gateway:
    kind: server
    replicas: 2
    workers: 1
    service_time: exponential(mean=500ms)
    zones: [a, b]
    machines: [one, two]
  weather:
    kind: external
    provides: {rain: 10 * rainy + season, wind: "uniform(0, 5)"}
    service_time: exponential(mean=200ms)
    timeout: 1s
  features: {kind: transform, reads: [rain, wind, amount], machines: [two]}
  telemetry: {kind: collector}
flow:
  - shop -> gateway -> weather -> features -> shop
  - features ~> telemetry
"""


def with_fault(kind: str, text: str = SHOP, **parameters: object) -> World:
    """The shop's day with one fault."""
    lines = "".join(f"\n    {key}: {value}" for key, value in parameters.items())
    return World(loaded(f"{text}faults:\n  - kind: {kind}{lines}\n"))
