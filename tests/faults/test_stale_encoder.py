"""stale_encoder: codes from the new category on are one higher."""

import numpy as np

from tests.faults.senders import sent_and_read, with_fault


def test_codes_after_the_new_one_move_up():
    world = with_fault("stale_encoder", column="device", inserted_at=1)
    true, read = sent_and_read(world, "device")
    np.testing.assert_array_equal(read, np.array([0, 2, 3])[true.astype(int)])
