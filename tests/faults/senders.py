"""A phone that sends columns to a feature step, for tests of what is sent."""

import numpy as np

from mlsim.engine.columns import Column
from tests.worlds import World, loaded

COLUMNS = """
    temperature: {is: "normal(37, 1)", unit: celsius, range: [34, 40]}
    pulse: normal(70, 10)
    device: {is: "floor(uniform(0, 3))", categories: [desktop, tablet, phone]}
    taken_at: {is: "uniform(0, 24)", unit: h}
"""


def phone(features: str = "reads: [temperature, pulse, device, taken_at, age]") -> str:
    """People with a few columns, whose phones send them to `features`; a collector listens."""
    return f"""
scenario: phone
horizon: 1d
seed: 5
world:
  people: 300
  person:
    age: normal(44, 18)
  check_up:{COLUMNS}
load:
  check_ups: {{rate: 0.1/s, of: person, enters: phone}}
system:
  phone: {{kind: client}}
  features: {{kind: transform, {features}}}
  telemetry: {{kind: collector}}
flow:
  - phone -> features -> phone
  - features ~> telemetry
"""


def with_fault(kind: str, text: str = "", **parameters: object) -> World:
    """The world with one fault, at the phone from the beginning if nothing else is said."""
    given = {"component": "phone", "at": "0s"} | parameters
    lines = "".join(f"\n    {key.rstrip('_')}: {value}" for key, value in given.items())
    return World(loaded(f"{text or phone()}faults:\n  - kind: {kind}{lines}\n"))


def sent_and_read(world: World, column: str) -> tuple[Column, Column]:
    """A column as it is true, and as the feature step read it."""
    return np.asarray(world.column(column)), np.asarray(world.read("features", column))


def people_of(world: World) -> Column:
    """Whose requests they are."""
    return np.concatenate([block.truth.people for block in world.blocks])
