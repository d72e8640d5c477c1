"""constant_feature: whatever is true, one value is sent."""

import numpy as np

from tests.faults.senders import sent_and_read, with_fault


def test_all_rows_have_one_value():
    world = with_fault("constant_feature", column="temperature", value=36.6)
    true, read = sent_and_read(world, "temperature")
    assert true.std() > 0.9
    np.testing.assert_array_equal(read, 36.6)
