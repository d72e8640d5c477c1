"""default_values: a number takes the value's place in a share of the rows."""

import numpy as np

from tests.faults.senders import sent_and_read, with_fault


def test_the_default_stands_in_a_share_of_the_rows():
    world = with_fault("default_values", column="temperature", value=-1, share=0.2)
    true, read = sent_and_read(world, "temperature")
    default = read == -1
    assert abs(default.mean() - 0.2) < 4 * np.sqrt(0.2 * 0.8 / default.size)
    np.testing.assert_array_equal(read[~default], true[~default])
