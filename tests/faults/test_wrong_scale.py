"""wrong_scale: what is sent is the truth times a factor."""

import numpy as np

from tests.faults.senders import sent_and_read, with_fault


def test_is_read_multiplied():
    true, read = sent_and_read(
        with_fault("wrong_scale", column="temperature", factor=100), "temperature"
    )
    np.testing.assert_array_equal(read, true * 100)
