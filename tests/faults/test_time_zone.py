"""time_zone: a time of day moves, and wraps around at midnight."""

import numpy as np

from tests.faults.senders import sent_and_read, with_fault


def test_hours_move_and_stay_hours_of_a_day():
    true, read = sent_and_read(with_fault("time_zone", column="taken_at", hours=-8), "taken_at")
    np.testing.assert_allclose(read, np.where(true >= 8, true - 8, true + 16), atol=1e-9)
    assert read.min() >= 0
    assert read.max() < 24
