"""swapped_columns: each column is sent under the other's name."""

import numpy as np

from tests.faults.senders import phone, sent_and_read, with_fault
from tests.worlds import World, loaded


def test_both_columns_change_places_at_a_client():
    world = with_fault("swapped_columns", column="temperature", with_="pulse")
    temperature, read_temperature = sent_and_read(world, "temperature")
    pulse, read_pulse = sent_and_read(world, "pulse")
    np.testing.assert_array_equal(read_temperature, pulse)
    np.testing.assert_array_equal(read_pulse, temperature)


def test_a_transform_swaps_what_it_has_made():
    text = phone("makes: {fever: temperature - 37, rush: pulse - 70}")
    fault = {"component": "features", "column": "fever", "with_": "rush"}
    world = with_fault("swapped_columns", text, **fault)
    twin = World(loaded(text))
    for mine, other in (("fever", "rush"), ("rush", "fever")):
        np.testing.assert_array_equal(world.read("telemetry", mine), twin.read("telemetry", other))
