"""format_change: the consumer's policy decides what becomes of a format that it can't parse."""

import numpy as np
import pytest

from tests.faults.senders import phone, with_fault
from tests.worlds import World

READS = "reads: [temperature, pulse]"


def changed(to: str, policy: str) -> World:
    return with_fault("format_change", phone(f"{READS}{policy}"), column="temperature", to=to)


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("decimal_comma", np.trunc),
        ("text", np.copy),
        ("renamed", lambda x: np.full_like(x, np.nan)),
    ],
)
def test_a_lenient_parser_takes_what_it_can_get(to: str, expected):
    """ "36,6" is 36 to C's strtod, "36.6 C" is 36.6, and a missing name is nothing."""
    world = changed(to, "")
    np.testing.assert_array_equal(
        world.read("telemetry", "temperature"), expected(world.column("temperature"))
    )


@pytest.mark.parametrize("to", ["decimal_comma", "text", "renamed"])
def test_null_and_default_take_its_place(to: str):
    assert np.isnan(changed(to, ", on_bad: 'null'").read("telemetry", "temperature")).all()
    world = changed(to, ", on_bad: default, default: 36.6")
    np.testing.assert_array_equal(world.read("telemetry", "temperature"), 36.6)


def test_the_other_columns_of_the_row_are_read_as_ever():
    world = changed("renamed", ", on_bad: 'null'")
    np.testing.assert_array_equal(world.read("telemetry", "pulse"), world.column("pulse"))
