"""numeric_overflow: what an integer of so many bits makes of a value, by NumPy's own integers."""

import numpy as np

from tests.faults.senders import sent_and_read, with_fault


def test_wraps_around_as_an_int8_does():
    """Pulses around 70, in steps of 0.5: many are over 63.5."""
    world = with_fault("numeric_overflow", column="pulse", bits=8, step=0.5)
    true, read = sent_and_read(world, "pulse")
    expected = np.rint(true / 0.5).astype(np.int64).astype(np.int8) * 0.5
    np.testing.assert_array_equal(read, expected)
    assert 0.1 < (read < 0).mean() < 0.9


def test_saturates_at_the_largest():
    world = with_fault("numeric_overflow", column="pulse", bits=7, mode="saturates")
    true, read = sent_and_read(world, "pulse")
    np.testing.assert_array_equal(read, np.clip(np.rint(true), -64, 63))
